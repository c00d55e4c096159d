# expect: Cmd ["two"]
FROM bb
CMD ["one"]
CMD ["two"]
