# expect: Entrypoint ["/bin/sh","-c","two"]
# expect: Cmd ["one"]
FROM bb
CMD ["one"]
ENTRYPOINT two
