# build: buildargs {"V": "arg"}
FROM bb
ARG V=default
ENV V=env
RUN test "$V" = env
