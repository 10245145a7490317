#!/bin/sh
# Renders the film with stock Blender: all of it, or ./render.sh FIRST LAST. Frames that are there are kept.
# What follows is passed on to Blender: ./render.sh --cycles-device OPTIX
# Another program than "blender": BLENDER=/path/to/blender ./render.sh
set -e
cd "$(dirname "$0")"
first=@first@ last=@last@
case "$1" in [0-9]*) first=$1 last=${2:-$1}; shift; [ $# -eq 0 ] || shift;; esac
exec "${BLENDER:-blender}" -b @blend@ --python-exit-code 1 -P render.py -- \
    "$first" "$((last - first + 1))" @frames@ "$@"
