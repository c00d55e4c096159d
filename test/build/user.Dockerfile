# expect: User "ann:users"
FROM bb
ARG u=ann
USER $u:users
