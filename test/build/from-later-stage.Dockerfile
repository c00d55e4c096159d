# fails: Dockerfile:3: there is no stage 3 before this one
FROM bb
COPY --from=3 /x /x
