# expect: Volumes {"/a":{},"/b":{},"/c d":{}}
FROM bb
VOLUME /a /b
VOLUME ["/c d"]
