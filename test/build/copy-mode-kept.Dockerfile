FROM bb
COPY run.sh /
RUN test "$(/run.sh 1)" = "ran 1" && test "$(stat -c %u:%g /run.sh)" = 0:0
