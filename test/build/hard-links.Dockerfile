FROM bb AS one
RUN echo x > /a && ln /a /b && ln -s a /c
FROM one
RUN test "$(stat -c %h /a)" = 2 && test "$(echo $(cat /b /c))" = "x x"
