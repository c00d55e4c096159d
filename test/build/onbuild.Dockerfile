# expect: OnBuild null
# expect: Labels {"from":"trigger"}
FROM bb AS base
ONBUILD COPY a.txt /onbuild/
ONBUILD RUN echo ran >> /onbuild/a.txt
ONBUILD LABEL from=trigger
RUN test ! -e /onbuild
FROM base
RUN test "$(echo $(cat /onbuild/a.txt))" = "a ran"
