# fails: Dockerfile:3: secret.key is not in the build context
FROM bb
COPY secret.key /
