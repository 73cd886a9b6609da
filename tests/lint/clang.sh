#!/bin/sh
# Usage: tests/lint/clang.sh "CPPFLAGS" C_FILE...
# The Makefile's warnings, seen by the second compiler.
# shellcheck disable=SC2016  # the inner shell expands
set -eu
flags=$1
shift
warnings=$(sed -n '/^WARN *:=/,/[^\\]$/p' Makefile | sed 's/^WARN *:=//; s/\\$//' | tr '\n' ' ')
[ -n "$warnings" ] || { echo "Makefile:1: no WARN"; exit 1; }
printf '%s\n' "$@" | grep '\.c$' | tr '\n' '\0' | xargs -0 -P "$(nproc)" -n 8 sh -c '
    flags=$1
    shift
    for f; do
        clang -std=gnu17 $flags -fno-caret-diagnostics -fsyntax-only "$f" || bad=1
    done
    exit "${bad:-0}"' sh "$flags $warnings"
