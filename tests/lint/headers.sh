#!/bin/sh
# Usage: tests/lint/headers.sh "CC FLAGS" HEADER...
# Each header compiles alone, and twice in one file.
# shellcheck disable=SC2016  # the inner shell expands
set -eu
compiler=$1
shift
printf '%s\n' "$@" | xargs -P "$(nproc)" -I HEADER sh -c '
    header=${2#lib/}
    printf "#include \"%s\"\n#include \"%s\"\n" "$header" "$header" |
    $1 -std=gnu17 -Wall -Wextra -Werror -I. -fsyntax-only -xc - 2>&1 ||
        { echo "$2:1: does not compile alone"; exit 1; }' sh "$compiler" HEADER
