FROM bb AS one
RUN mkdir /out && echo built > /out/x
FROM bb
RUN --mount=type=bind,target=/ctx test "$(cat /ctx/dir/c.txt)" = c && ! touch /ctx/new
RUN --mount=target=/one.txt,source=a.txt test "$(cat /one.txt)" = a
RUN --mount=from=one,source=/out,target=/o test "$(cat /o/x)" = built
RUN --mount=target=/ctx,rw touch /ctx/new
RUN test ! -e /ctx && test ! -e /one.txt && test ! -e /o
