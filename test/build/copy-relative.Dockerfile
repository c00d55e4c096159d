FROM bb
WORKDIR /w/x
COPY a.txt .
COPY b.txt ../y/
RUN test -f /w/x/a.txt && test -f /w/y/b.txt
