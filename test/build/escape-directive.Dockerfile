# escape=`
FROM bb
RUN echo a > /x; `
    echo b\c >> /x
RUN test -f /x
