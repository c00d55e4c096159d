FROM bb
ENV where=/v src=a
COPY ${src}.txt $where/${src:+b}
RUN test "$(cat /v/b)" = a
