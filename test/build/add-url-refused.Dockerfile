# fails: http://127.0.0.1:1/file
FROM bb
ADD http://127.0.0.1:1/file /x
