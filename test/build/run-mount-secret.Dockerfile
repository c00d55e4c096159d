# more: {"secrets": [{"id": "token", "value": "hush"}]}
FROM bb
RUN --mount=type=secret,id=token test "$(cat /run/secrets/token)" = hush
RUN --mount=type=secret,id=token,target=/t,mode=0444,uid=5 test "$(cat /t)" = hush && test "$(stat -c %u:%a /t)" = 5:444
RUN --mount=type=secret,id=token,env=TOKEN test "$TOKEN" = hush
RUN --mount=type=secret,id=other true
RUN test ! -e /run/secrets && test ! -e /t
