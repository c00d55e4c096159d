FROM bb
RUN --mount=type=tmpfs,target=/big,size=1m touch /big/x && grep -q " /big tmpfs " /proc/mounts
RUN test ! -e /big
