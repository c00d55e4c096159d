# Variables of one ENV are those from before it.
# expect: Env ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","abc=bye","def=hello"]
FROM bb
ENV abc=hello
ENV abc=bye def=$abc
