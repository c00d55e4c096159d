# fails: Dockerfile:3: cannot copy: /etc/passwd is something else
FROM bb
COPY dir /etc/passwd
