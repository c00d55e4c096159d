FROM bb
COPY a.txt /new/name.txt
COPY b.txt /tmp
RUN test "$(cat /new/name.txt)" = a && test "$(cat /tmp/b.txt)" = b
