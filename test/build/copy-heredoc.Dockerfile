FROM bb
ENV who=world
COPY <<one.txt <<"two.txt" /d/
hello $who
one.txt
hello $who
two.txt
COPY --chmod=755 <<-EOT /bin/tool
	#!/bin/sh
	echo tool
	EOT
RUN test "$(echo $(cat /d/one.txt /d/two.txt))" = 'hello world hello $who' && test "$(tool)" = tool
