# build: target first
# expect: Labels {"which":"first"}
FROM bb AS first
LABEL which=first
FROM bb
RUN false
