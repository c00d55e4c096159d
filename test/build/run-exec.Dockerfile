FROM bb
RUN ["/bin/sh", "-c", "echo $0 > /x", "zero"]
RUN ["touch", "/with space"]
RUN test "$(cat /x)" = zero && test -f "/with space"
