# An archive of the context is unpacked, its owners kept.
FROM bb
ADD files.tar.gz /opt/
ADD files.tar /srv
RUN test "$(cat /opt/in/one.txt)" = one && test "$(stat -c %u:%g:%a /opt/in/one.txt)" = 7:8:640
RUN test "$(cat /srv/in/one.txt)" = one && test "$(readlink /srv/in/link)" = one.txt
