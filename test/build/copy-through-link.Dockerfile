# Links in the image lead where they lead inside the image.
FROM bb
RUN ln -s /opt/real /way && mkdir -p /opt/real && ln -s ../../../../etc /out
COPY a.txt /way/
COPY a.txt /out/from-context
RUN test -f /opt/real/a.txt && test -L /way && test -f /etc/from-context && test -L /out
