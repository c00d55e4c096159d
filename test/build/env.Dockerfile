# expect: Env ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","a=1","b=two words","c=rest of the line","d=$a","e=1"]
FROM bb
ENV a=0 b="two words"
ENV a=1
ENV c rest of the line
ENV d=\$a e=$a
