# What a later layer of the stage hides is not copied, what it opens anew is.
FROM bb AS one
RUN mkdir -p /d/e && echo 1 > /d/a && echo 2 > /d/b && echo 3 > /d/e/c
RUN rm /d/a && rm -r /d/e && mkdir /d/e && echo 4 > /d/e/d && echo two > /d/b
FROM bb
COPY --from=one /d /d
RUN test "$(echo $(find /d | sort))" = "/d /d/b /d/e /d/e/d" && test "$(cat /d/b)" = two
