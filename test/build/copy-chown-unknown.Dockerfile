# fails: Dockerfile:3: there is no user nobody-here in the image
FROM bb
COPY --chown=nobody-here a.txt /x
