# build: buildargs {"HTTP_PROXY": "http://proxy"}
# expect: Env ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
FROM bb
RUN test "$HTTP_PROXY" = http://proxy
