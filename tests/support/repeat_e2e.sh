#!/bin/sh
# Usage: tests/support/repeat_e2e.sh TIMES [ARGUMENT OF playwright test]...
# The browser tests again and again, each time with stacks of their own, until one
# fails. A test that fails once in twenty times is a bug, of the test or of kith.
set -eu
cd "$(dirname "$0")/../.."
times=${1:?how many times}
shift
i=0
while [ "$i" -lt "$times" ]; do
    if ! tests/support/run_e2e.sh "$@"; then
        echo "browser tests: green $i of $times times in a row"
        exit 1
    fi
    i=$((i + 1))
    echo "browser tests: green $i of $times times"
done
