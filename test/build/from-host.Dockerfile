# Programs of this machine, and a layer over them.
FROM host
COPY a.txt /opt/
RUN cat /opt/a.txt > /srv/made && test ! -e /root/.ssh
