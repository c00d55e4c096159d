# expect: Labels {"x":"y"}
FROM scratch
LABEL x=y
COPY a.txt /
