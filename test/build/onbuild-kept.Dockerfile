# expect: OnBuild ["RUN echo x","COPY . /y"]
FROM bb
ONBUILD RUN echo x
ONBUILD COPY . /y
