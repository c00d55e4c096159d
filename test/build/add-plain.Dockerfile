FROM bb
ADD a.txt b.txt /x/
RUN test "$(echo $(cat /x/a.txt /x/b.txt))" = "a b"
