#!/bin/sh
# The programs export no function of ours: a library that looks one up by that name
# would call ours instead of its own (libkrb5, behind libpq, has a profile_init).
set -eu
bin=build/release/bin
make --no-print-directory -s VARIANT=release all >/dev/null
nm -D --defined-only -A "$bin"/kith "$bin"/*.fcgi |
    awk '$2 == "T" && $3 !~ /^_(init|fini)$/ {
        sub(/:.*/, "", $1); print $1 ":1: exports " $3; bad = 1 }
        END { exit bad }'
