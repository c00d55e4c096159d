# Files of other stages keep their owners.
FROM bb AS one
RUN echo x > /f && chown 7:8 /f && chmod 640 /f && ln -s f /l
FROM bb
COPY --from=one /f /l /x/
COPY --from=one --chown=1:2 /f /y
RUN test "$(echo $(stat -c %u:%g:%a /x/f /y))" = "7:8:640 1:2:640"
