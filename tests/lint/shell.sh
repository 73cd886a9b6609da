#!/bin/sh
# Runs shellcheck on every shell script, found by its first line.
# Not wanted: SC1007 (`a= b=`), SC2317 (calls a function of a trap unreachable).
set -eu
scripts=$("$(dirname "$0")/files.sh" | while read -r f; do
    case $(head -c 64 "$f" | head -n 1 | tr -d '\0') in
    '#!'*sh | '#!'*sh\ * | '# shellcheck shell='*) printf '%s\n' "$f" ;;
    esac
done)
[ -n "$scripts" ] || { echo "shell.sh:1: found no script"; exit 1; }
printf '%s\n' "$scripts" | xargs -P "$(nproc)" -n 6 shellcheck -x -f gcc -e SC1007,SC2317 --
