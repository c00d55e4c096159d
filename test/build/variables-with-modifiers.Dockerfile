FROM bb
ENV file=lib.tar.gz
WORKDIR /${file%%.*}/${file#*.}/${none:-default}
RUN test "$PWD" = /lib/tar.gz/default
