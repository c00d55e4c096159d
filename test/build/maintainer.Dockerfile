# expect: Cmd null
FROM bb
MAINTAINER Ann <ann@example.org>
