# fails: Dockerfile:4: /nothing is not in stage one
FROM bb AS one
FROM bb
COPY --from=one /nothing /x
