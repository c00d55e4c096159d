# A copy into a folder does not change the folder.
FROM bb
COPY a.txt /tmp/
RUN test "$(stat -c %a /tmp)" = 1777
