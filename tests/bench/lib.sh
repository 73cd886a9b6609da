# shellcheck shell=sh disable=SC2034  # read by the scripts that include it
# What the benches in shell share. They run from the repository's top, after
# `make bench-built`. BENCH_SECONDS is the length of one load.

BUILT=$PWD/build/release
BENCH_SECONDS=${BENCH_SECONDS:-4}
DATA=${DATA:-../shared/data}
# The Python that Debian's packages belong to.
PYTHON=/usr/bin/python3

die()
{
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# figure NAME VALUE UNIT [COMPARED_TO BESIDE]: as bench.h; BESIDE is the other's value.
figure()
{
    awk -v name="$1" -v value="$2" -v unit="$3" -v other="${4:-}" -v beside="${5:-1}" \
        -v lines="${BENCH_LINES:-/dev/null}" 'BEGIN {
        value += 0
        size = value < 0 ? -value : value
        places = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3
        row = sprintf("  %-50s %10.*f %-9s", name, places, value, unit)
        compared = "null"; ratio = "null"
        if (other != "") {
            compared = "\"" other "\""
            ratio = sprintf("%.4g", value / beside)
            row = row sprintf(ratio + 0 < 100 ? " %.3g x %s" : " %.0f x %s", ratio, other)
        }
        sub(/ +$/, "", row)
        print row
        printf "{\"name\":\"%s\",\"value\":%.6g,\"unit\":\"%s\",\"compared_to\":%s,\"ratio\":%s}\n",
            name, value, unit, compared, ratio >>lines
    }'
}

# The middle one of the numbers given.
median()
{
    printf '%s\n' "$@" | sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
