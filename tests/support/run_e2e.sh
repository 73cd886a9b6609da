#!/bin/sh
# Usage: tests/support/run_e2e.sh [ARGUMENT OF playwright test]...
# The browser tests; what they need is built and installed.
set -eu
cd "$(dirname "$0")/../.."
tests/support/node_modules.sh
cd e2e
rm -f results/report.json
code=0
npx --no-install playwright test "$@" || code=$?
[ -f results/report.json ] || exit 1
counts=$(jq -r '.stats | "\(.expected + .flaky) \(.unexpected) \(.skipped)"' results/report.json)
errors=$(jq '.errors | length' results/report.json)
[ -z "${TALLY:-}" ] || echo "$counts e2e" >>"$TALLY"
echo "browser tests: $counts (passed, failed, skipped), $errors errors outside of tests"
[ "$code" -eq 0 ] && [ "$errors" -eq 0 ]
