FROM bb
RUN echo zero > /z
FROM bb
COPY --from=0 /z /z
RUN test "$(cat /z)" = zero
