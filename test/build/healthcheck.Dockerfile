# expect: Healthcheck {"Interval":30000000000,"Retries":3,"StartPeriod":1500000000,"Test":["CMD-SHELL","test -f /x"],"Timeout":5000000000}
FROM bb
HEALTHCHECK --interval=30s --timeout=5s --start-period=1.5s --retries=3 CMD test -f /x
