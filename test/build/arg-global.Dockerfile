# build: buildargs {"TAG": "latest"}
ARG NAME=bb
ARG TAG=none
ARG FULL=${NAME}:$TAG
FROM $FULL
ARG TAG
RUN test "$TAG" = latest && test -z "$NAME"
