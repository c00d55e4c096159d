# fails: Dockerfile:3: nothing.txt is not in the build context
FROM bb
COPY nothing.txt /
