FROM bb
ADD --chown=ann files.tar /opt/
RUN test "$(stat -c %u:%g /opt/in/one.txt)" = 1000:100
