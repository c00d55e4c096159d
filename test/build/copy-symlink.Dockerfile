# A link that is named is followed; one inside a folder is copied as it is.
FROM bb
COPY link /x
COPY . /all/
RUN test ! -L /x && test "$(cat /x)" = a && test "$(readlink /all/link)" = a.txt
