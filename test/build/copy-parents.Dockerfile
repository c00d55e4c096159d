FROM bb
COPY --parents dir/deep/d.txt dir/c.txt /x/
COPY --parents dir/./other/e.md /y/
RUN test "$(echo $(find /x /y -type f | sort))" = "/x/dir/c.txt /x/dir/deep/d.txt /y/other/e.md"
