#!/bin/sh
# Asks the web service again and again what it is.
trap 'exit 0' TERM
while true; do
  curl -s http://web:8000
  sleep 1
done
