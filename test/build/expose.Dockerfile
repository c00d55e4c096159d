# expect: ExposedPorts {"53/udp":{},"80/tcp":{},"8000/tcp":{},"8001/tcp":{},"9/tcp":{}}
FROM bb
ENV P="9 80"
EXPOSE 53/udp 8000-8001
EXPOSE $P
