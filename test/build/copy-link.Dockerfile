FROM bb
RUN ln -s /tmp /t
COPY --link a.txt /t/a.txt
RUN test ! -L /t && test -f /t/a.txt && test ! -e /tmp/a.txt
