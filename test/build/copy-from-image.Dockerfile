FROM scratch
COPY --from=bb /bin/busybox /bin/busybox
COPY --from=bb /bin/busybox /bin/sh
RUN busybox test -x /bin/busybox
