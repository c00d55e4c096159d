FROM bb
RUN mkdir /d && touch /d/a /d/b
RUN rm /d/a && rm -r /home
RUN test "$(ls /d)" = b && test ! -e /home
