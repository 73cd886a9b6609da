#!/bin/sh
# Every test: lint, the C programs, a few seconds of fuzzing and of kill -9, the browser.
# Ends in one line, N passed, N failed;
# fails when a test failed, could not be built or could not run, or when none ran.
# A caller that adds up itself sets TALLY, a file that gets a line a runner:
# PASSED FAILED SKIPPED NAME.
set -eu
cd "$(dirname "$0")/../.."
unset MAKEFLAGS MFLAGS MAKELEVEL
variant=${VARIANT:-release}
build=build/$variant
begin=$(date +%s)
own_tally=
if [ -z "${TALLY:-}" ]; then
    TALLY=$(mktemp)
    own_tally=$TALLY
    trap 'rm -f "$own_tally"' EXIT
fi
export TALLY

# part NAME COMMAND...: a part that fails without having told a failure counts as one.
part()
{
    name=$1
    shift
    printf '\n== %s\n' "$name"
    before=$(failures)
    started=$(date +%s)
    if ! "$@" </dev/null && [ "$(failures)" -eq "$before" ]; then
        echo "FAIL  $name"
        echo "0 1 0 $name" >>"$TALLY"
    fi
    echo "-- $name: $(($(date +%s) - started)) s"
}

failures()
{
    awk '{ f += $2 } END { print f + 0 }' "$TALLY"
}

programs()
{
    find tests -name 'test_*.c' ! -path 'tests/support/*' | LC_ALL=C sort |
        sed "s|^\(.*\)\.c\$|$build/\1|"
}

# -k: one source that does not compile leaves the other tests. Benches are only built.
build_all()
{
    # shellcheck disable=SC2046  # one argument a program
    make --no-print-directory -k -j "$(nproc)" VARIANT="$variant" all $(programs) bench-built \
        "$build/tests/torture/torture"
}

c_tests()
{
    # shellcheck disable=SC2046  # one argument a program
    tests/support/run_c.sh "$build" $(programs)
}

part build build_all
part lint make --no-print-directory lint
part 'C tests' c_tests
part fuzzing tests/support/run_fuzz.sh 4
part 'kill test' tests/torture/run.sh "$build/tests/torture/torture" 6 30
part 'browser tests' tests/support/run_e2e.sh

printf '\n%d s\n' $(($(date +%s) - begin))
[ -z "$own_tally" ] || tests/support/total.sh "$TALLY"
[ "$(failures)" -eq 0 ]
