FROM bb
ARG a=1
ENV b=2
RUN test "$a$b" = 12 && test '$a' != 1
