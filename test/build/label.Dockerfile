# build: labels {"version": "1.2"}
# expect: Labels {"a b":"c d","multi":"one two","version":"1.2"}
FROM bb
LABEL "a b"="c d" multi="one \
two"
LABEL version=1.0
