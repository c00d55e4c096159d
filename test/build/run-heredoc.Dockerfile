FROM bb
RUN <<EOF
set -e
echo one > /x
test -f /x
EOF
RUN cat > /y <<A && cat >> /y <<B
first
A
second
B
RUN <<"S"
#!/bin/cat
this is no shell
S
RUN test "$(echo $(cat /x /y))" = "one first second"
