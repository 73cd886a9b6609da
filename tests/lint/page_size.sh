#!/bin/sh
# What travels to a reader stays small: all scripts of the page within 15 KiB, the
# tracker alone, as others copy it, within 4 KiB; as nginx sends them (gzip_comp_level 6).
set -eu
readonly TRACKER_BYTES=4096
readonly PAGE_BYTES=15360
# nginx flushes each file once before its end.
readonly FLUSH_BYTES=5

# within LIMIT FILE...: each file is sent, and so compressed, on its own
within()
{
    limit=$1
    shift
    bytes=0
    for f; do
        bytes=$((bytes + $(gzip -6nc "$f" | wc -c) + FLUSH_BYTES))
    done
    [ "$bytes" -gt "$limit" ] || return 0
    echo "$1:1: $bytes bytes compressed, budget $limit${2:+, with $(($# - 1)) other files}"
    return 1
}

bad=0
within "$TRACKER_BYTES" static/tracker.js || bad=1
within "$PAGE_BYTES" static/*.js || bad=1
exit "$bad"
