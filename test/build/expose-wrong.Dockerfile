# fails: Dockerfile:3: 70000 is not a port
FROM bb
EXPOSE 70000
