FROM bb
RUN --mount=type=cache,id=corpus,target=/c echo one >> /c/log; test -d /c
RUN --mount=type=cache,id=corpus,target=/d test -s /d/log
RUN test ! -e /c/log
