FROM bb
COPY . /x
RUN test ! -e /x/secret.key && test ! -e /x/x.skip && test -e /x/keep.skip
