#!/bin/sh
# Takes jobs from the list "jobs", one at a time. A job that is being done lies in a list of the worker's own, so that it
# is not lost where the worker dies: when its container is started again, it has the same host name and looks there first.
set -eu
mine="doing:$(hostname)"
queue() {
  redis-cli -h queue "$@"
}

stopping=
trap 'stopping=1' TERM

while [ -z "$stopping" ]; do
  job=$(queue LINDEX "$mine" 0)
  if [ -z "$job" ]; then
    job=$(queue BLMOVE jobs "$mine" RIGHT LEFT 1)
    [ -n "$job" ] || continue
  fi
  sleep "$SECONDS_PER_JOB" # the work
  # Done and no longer being done, in one step: a job is never in neither list.
  printf 'MULTI\nLPUSH done "%s"\nLPOP "%s"\nEXEC\n' "$job" "$mine" | queue >/dev/null
  echo "did $job"
done
