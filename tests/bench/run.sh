#!/bin/sh
# run.sh: `make bench`. Runs the benches, or those that ONLY names (feeds,track), one
# after the other, and gathers their figures in build/bench.json: a run of all writes
# it anew, a run of some replaces the figures of the same names.
#
# FULL=1 adds what takes long or much memory: readers by the million, the size of
# MovieLens 20M, ten million stored events.
set -eu
cd "$(dirname "$0")/../.."
bin=build/release/bench
small='web neighbours hybrid store track_cpu track feeds live peers'

command_of()
{
    case $1 in
    web | store) echo "$bin/bench_$1" ;;
    hybrid) echo "$bin/bench_hybrid ${DATA:-../shared/data}/deskdrop" ;;
    *) echo "tests/bench/$1.sh" ;;
    esac
}

large_command_of()
{
    case $1 in
    neighbours | track | feeds | peers) echo "tests/bench/$1.sh large" ;;
    esac
}

# run NAME COMMAND...
run()
{
    name=$1
    shift
    printf '\n== %s\n' "$name"
    begin=$(date +%s)
    "$@" </dev/null || { failed="$failed $name"; echo "FAIL  $name"; }
    echo "-- $name: $(($(date +%s) - begin)) s"
}

asked=$(printf %s "${ONLY:-}" | tr ',' ' ')
for name in $asked; do
    case " $small " in
    *" $name "*) ;;
    *) echo "error: no bench '$name'; there are: $small" >&2; exit 2 ;;
    esac
done
BENCH_LINES=$(mktemp)
export BENCH_LINES
trap 'rm -f "$BENCH_LINES"' EXIT
trap 'exit 130' INT TERM

failed=
for name in ${asked:-$small}; do
    # shellcheck disable=SC2046  # a program and its arguments
    run "$name" $(command_of "$name")
    if [ -n "${FULL:-}" ] && [ -n "$(large_command_of "$name")" ]; then
        # shellcheck disable=SC2046
        run "$name, large" $(large_command_of "$name")
    fi
done

json=build/bench.json
kept=/dev/null
if [ -n "$asked" ] && jq -e 'type == "array"' "$json" >/dev/null 2>&1; then
    kept=$json
fi
jq -s --slurpfile kept "$kept" '
    (map({key: .name, value: .}) | from_entries) as $new
    | [($kept[0] // [])[] | select($new[.name] | not)] + [$new[]]
    | sort_by(.name)' "$BENCH_LINES" >"$json.new"
mv "$json.new" "$json"
printf '\n%d figures in %s\n' "$(wc -l <"$BENCH_LINES")" "$json"
if [ -n "$failed" ]; then
    echo "failed:$failed" >&2
    exit 1
fi
