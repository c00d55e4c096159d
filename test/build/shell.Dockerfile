# expect: Shell ["/bin/busybox","sh","-c"]
# expect: Cmd ["/bin/busybox","sh","-c","x"]
FROM bb
SHELL ["/bin/busybox", "sh", "-c"]
RUN test -n "$PATH"
CMD x
