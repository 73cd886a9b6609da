#!/bin/sh
# Usage: tests/support/run_c.sh BUILD_FOLDER TEST_PROGRAM...
# Runs Check programs, as many at a time as there are cores, those of the database
# in one private cluster. A line for each that passes, all it said for one that does
# not. A program that is missing, crashes, hangs or checks nothing has failed; one that
# ends with 77 says why it cannot be run here.
set -eu

readonly LIMIT_S=300
readonly SKIPPED=77

die()
{
    printf 'run_c: %s\n' "$*" >&2
    exit 1
}

# Reads what a program said; prints "passed failed".
count()
{
    awk -v code="$1" '
        /^[0-9]+%: Checks: [0-9]+, Failures: [0-9]+, Errors: [0-9]+$/ {
            split($0, n, /[:,] */)
            checks += n[3]
            bad += n[5] + n[7]
        }
        END {
            if (!bad && (code != 0 || !checks))
                bad = 1
            print (checks > bad ? checks - bad : 0), bad + 0
        }' "$2"
}

# One program: its line, or all of its output, is printed in one piece.
run_one()
{
    results=$1
    program=$2
    name=${program#*/tests/}
    said=$results/$(printf '%s' "$name" | tr / .)
    begin=$(date +%s%3N)
    code=0
    if [ -x "$program" ]; then
        timeout -k 5 "$LIMIT_S" "$program" >"$said.log" 2>&1 </dev/null || code=$?
    else
        code=127
        echo "not built" >"$said.log"
    fi
    ms=$(($(date +%s%3N) - begin))
    if [ "$code" -eq "$SKIPPED" ]; then
        tally='0 0 1'
    else
        tally=$(count "$code" "$said.log")
    fi
    echo "$tally" >"$said.tally"
    seconds=$(printf '%d.%02d s' $((ms / 1000)) $((ms % 1000 / 10)))
    {
        flock 9
        if [ "$code" -eq "$SKIPPED" ]; then
            printf 'skip  %-36s %s\n' "$name" "$(tail -n 1 "$said.log")"
        elif [ "$code" -eq 0 ] && [ "${tally#* }" -eq 0 ]; then
            printf 'ok    %-36s %4d  %s\n' "$name" "${tally% *}" "$seconds"
        else
            [ "$code" -ne 124 ] || echo "ended after $LIMIT_S s" >>"$said.log"
            printf 'FAIL  %-36s exit %d, %s\n' "$name" "$code" "$seconds"
            cat "$said.log"
        fi
    } 9>>"$results/lock"
}

if [ "${1:-}" = --one ]; then
    run_one "$2" "$3"
    exit 0
fi

[ $# -ge 1 ] || die "usage: run_c.sh BUILD_FOLDER TEST_PROGRAM..."
build=$1
support=$(dirname "$0")
case " $*" in
*/tests/db/* | */tests/wire/*)
    [ -n "${DB_URL:-}" ] || exec "$support/with_pg.sh" "$0" "$@" ;;
esac
shift
[ $# -ge 1 ] || die "no test program"

results=$build/results
rm -rf "$results"
mkdir -p "$results"
printf '%s\0' "$@" | xargs -0 -P "$(nproc)" -n 1 "$0" --one "$results"

total=$(cat "$results"/*.tally |
    awk '{ p += $1; f += $2; s += $3 } END { print p + 0, f + 0, s + 0 }')
[ -z "${TALLY:-}" ] || echo "$total $build" >>"$TALLY"
echo "$total" | awk -v build="$build" '{
    printf "C tests of %s: %d hold, %d do not%s\n", build, $1, $2,
           $3 ? ", " $3 " programs skipped" : ""
    exit $2 > 0
}'
