FROM bb
ARG one=1
ARG two=${one}2 three
RUN test "$one-$two-$three" = 1-12-
