# A comment

    # another
FROM bb
RUN true && \
    # in the middle
    echo a > /x && \

    echo b >> /x
RUN test "$(echo $(cat /x))" = "a b"
