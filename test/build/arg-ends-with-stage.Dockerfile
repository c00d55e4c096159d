FROM bb AS one
ARG V=x
FROM one
RUN test -z "$V"
