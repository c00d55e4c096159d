# expect: WorkingDir "/a/c"
FROM bb
WORKDIR /a/b
WORKDIR ../c
RUN test "$PWD" = /a/c && test "$(stat -c %a /a/c)" = 755
