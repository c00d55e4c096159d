# fails: Dockerfile:4: the command '/bin/sh -c echo before; exit 3' returned a non-zero code: 3; its last output was:\n  before
FROM bb
RUN true
RUN echo before; exit 3
