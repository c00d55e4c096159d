FROM bb
COPY --exclude=**/*.md --exclude=deep dir /x
COPY --exclude=**/d.txt --exclude=c.* dir /y
RUN test "$(echo $(find /x /y -type f | sort))" = "/x/c.txt /y/other/e.md"
