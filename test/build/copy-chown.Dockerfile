FROM bb
COPY --chown=ann:users a.txt /n/x
COPY --chown=5 b.txt /five
COPY --chown=5:6 dir /d
RUN test "$(echo $(stat -c %u:%g /n/x /n /five /d /d/c.txt))" = "1000:100 1000:100 5:5 5:6 5:6"
