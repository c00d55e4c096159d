# expect: Cmd ["cat","/a b"]
FROM bb
CMD ["cat", "/a b"]
