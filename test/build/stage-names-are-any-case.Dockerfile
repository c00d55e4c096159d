FROM bb AS Base
RUN echo x > /x
FROM BASE
COPY --from=bAsE /x /y
RUN test -f /x && test -f /y
