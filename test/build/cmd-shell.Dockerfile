# expect: Cmd ["/bin/sh","-c","echo $HOME \"x\""]
FROM bb
CMD echo $HOME "x"
