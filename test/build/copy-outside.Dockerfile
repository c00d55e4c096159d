# A path never leaves the context.
# fails: Dockerfile:4: ../../etc/passwd is not in the build context
FROM bb
COPY ../../etc/passwd /x
