#!/bin/sh
# What travels to a reader stays small: all scripts of the page within 15 KiB, the
# tracker alone, as others copy it, within 4 KiB. Compressed; the page's as they are
# served (static/pack.awk), which must be a script.
set -eu
readonly TRACKER_BYTES=4096
readonly PAGE_BYTES=15360

# within LIMIT BYTES FILE
within()
{
    [ "$2" -gt "$1" ] || return 0
    echo "$3:1: $2 bytes compressed, budget $1"
    return 1
}

bad=0
within "$TRACKER_BYTES" "$(gzip -6nc static/tracker.js | wc -c)" static/tracker.js || bad=1
bytes=0
for entry in app theme; do
    if ! awk -f static/pack.awk "static/$entry.js" | node --check --input-type=module 2>/dev/null; then
        echo "static/$entry.js:1: packed it is no script: a name in two modules?"
        bad=1
    fi
    bytes=$((bytes + $(awk -f static/pack.awk "static/$entry.js" | gzip -9nc | wc -c)))
done
within "$PAGE_BYTES" "$bytes" static/app.js || bad=1
exit "$bad"
