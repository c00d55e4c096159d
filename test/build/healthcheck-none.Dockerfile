# expect: Healthcheck {"Test":["NONE"]}
FROM bb
HEALTHCHECK --interval=5s CMD ["true"]
HEALTHCHECK NONE
