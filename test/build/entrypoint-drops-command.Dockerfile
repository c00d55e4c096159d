# expect: Entrypoint ["two"]
# expect: Cmd null
FROM bb AS base
CMD ["one"]
FROM base
ENTRYPOINT ["two"]
