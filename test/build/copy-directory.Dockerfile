FROM bb
COPY dir /x
COPY dir/ /y/
RUN test "$(echo $(find /x -type f | sort))" = "/x/c.txt /x/deep/d.txt /x/other/e.md" && test -f /y/c.txt
