#!/bin/sh
# Lists the files of the repository that are there, new ones included.
set -eu
git ls-files -co --exclude-standard | sort -u | while read -r f; do
    [ ! -f "$f" ] || printf '%s\n' "$f"
done
