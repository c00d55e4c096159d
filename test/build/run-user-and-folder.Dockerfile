FROM bb
USER ann
WORKDIR /home/ann/w
RUN test "$(id -u):$(id -g)" = 1000:100 && test "$PWD" = /home/ann/w && touch mine
USER 0
RUN test "$(stat -c %u /home/ann/w/mine)" = 1000
