FROM bb
COPY ["a.txt", "b.txt", "/with space/"]
RUN test "$(echo $(ls '/with space'))" = "a.txt b.txt"
