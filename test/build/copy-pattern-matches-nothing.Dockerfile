# fails: Dockerfile:3: nothing in the build context matches *.none
FROM bb
COPY *.none /x/
