# fails: Dockerfile:3: unknown instruction COPPY (did you mean "COPY"?)
FROM bb
COPPY a b
