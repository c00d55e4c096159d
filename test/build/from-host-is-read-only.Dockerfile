# fails: Dockerfile:3: /usr/bin/a.txt is the host's own
FROM host
COPY a.txt /usr/bin/
