# fails: Dockerfile:3: there is no secret token
FROM bb
RUN --mount=type=secret,id=token,required true
