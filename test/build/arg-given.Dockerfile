# build: buildargs {"V": "given"}
FROM bb
ARG V=default
RUN test "$V" = given
