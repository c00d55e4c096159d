FROM bb
ADD --unpack=false files.tar /opt/
RUN test -f /opt/files.tar
