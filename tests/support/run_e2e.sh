#!/bin/sh
# Usage: tests/support/run_e2e.sh [ARGUMENT OF playwright test]...
# The browser tests; what they need is built and installed. However they end, no
# stack of theirs is left.
set -eu
cd "$(dirname "$0")/../.."
report=e2e/results/report.json

E2E_BASE=$(mktemp -d "${TMPDIR:-/tmp}/kith-e2e-XXXXXX")
export E2E_BASE
chmod 755 "$E2E_BASE" # the user of a stack need not be ours

clean()
{
    trap '' HUP INT TERM
    for stop in "$E2E_BASE"/*/ops/local/stop; do
        [ ! -x "$stop" ] || "$stop" >&2 || return
    done
    rm -rf "$E2E_BASE"
}
trap clean EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

tests/support/node_modules.sh
rm -f "$report"
code=0
(cd e2e && npx --no-install playwright test "$@") || code=$?
[ -f "$report" ] || exit 1
counts=$(jq -r '.stats | "\(.expected + .flaky) \(.unexpected) \(.skipped)"' "$report")
errors=$(jq '.errors | length' "$report")
[ -z "${TALLY:-}" ] || echo "$counts e2e" >>"$TALLY"
echo "browser tests: $counts (passed, failed, skipped), $errors errors outside of tests"
[ "$code" -eq 0 ] && [ "$errors" -eq 0 ]
