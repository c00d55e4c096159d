#!/bin/sh
echo ran "$@"
