#!/bin/sh
# Usage: tests/support/run_fuzz.sh SECONDS
# Every fuzz target for so many seconds; each counts as one test. `make fuzz` is the
# long form.
set -eu
cd "$(dirname "$0")/../.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0

for file in tests/fuzz/fuzz_*.c; do
    target=$(basename "$file" .c)
    if tests/support/fuzz.sh "$target" "$1" >"$log" 2>&1; then
        runs=$(awk '/number_of_executed_units/ { print $2 }' "$log")
        printf 'ok    %-20s %s runs\n' "$target" "$runs"
        [ -z "${TALLY:-}" ] || echo "1 0 0 $target" >>"$TALLY"
    else
        printf 'FAIL  %s\n' "$target"
        tail -n 60 "$log"
        failed=$((failed + 1))
        [ -z "${TALLY:-}" ] || echo "0 1 0 $target" >>"$TALLY"
    fi
done
[ "$failed" -eq 0 ]
