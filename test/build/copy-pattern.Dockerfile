FROM bb
COPY *.txt /x/
COPY dir/*/?.m[a-z] /y/
RUN test "$(echo $(ls /x /y | sort))" = "/x: /y: a.txt b.txt e.md"
