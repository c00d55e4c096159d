#!/bin/sh
# Brings the tables up to date; may run any number of times.
set -eu
PGPASSWORD=$(cat /run/secrets/password) psql -h db -U postgres -v ON_ERROR_STOP=1 -q -f /schema.sql
echo "the schema is up to date"
