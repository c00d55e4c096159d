FROM bb AS broken
RUN false
FROM bb AS good
RUN true
