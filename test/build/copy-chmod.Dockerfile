FROM bb
COPY --chmod=4711 a.txt /x
COPY --chmod=0600 dir/c.txt /y/
RUN test "$(echo $(stat -c %a /x /y/c.txt))" = "4711 600"
