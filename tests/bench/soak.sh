#!/bin/sh
# soak.sh [MINUTES [RATE [gowalla|ml20m|demo]]]: GET /api/feeds by 8 clients at a constant
# rate, requests due at even intervals, for an hour (60, 200/s, gowalla): latency and
# memory a minute, drawn and in build/soak.tsv (minute, p50, p95, p99 us, MB).
set -eu
# shellcheck source=tests/bench/feed_stack.sh
. tests/bench/feed_stack.sh

MINUTE_S=${MINUTE_S:-60}
minutes=${1:-60}
rate=${2:-200}
size=${3:-gowalla}

stack_start DATA=
[ "$size" = demo ] || place "$size"
take_readers
check_answers "$size"
mkdir -p build
: >build/soak.tsv
printf '%6s %8s %8s %8s %8s  p99, a # each 0.25 ms\n' minute p50 p95 p99 MB
for minute in $(seq "$minutes"); do
    line=$("$BUILT/bench/load" get --port "${URL##*:}" --tokens "$STACK/tokens" \
        --clients 8 --rate "$rate" --seconds "$MINUTE_S")
    memory=$(private_memory)
    echo "$line" | awk -v minute="$minute" -v memory="$memory" '{
        if ($7 > 0) { print $7 " answers other than 200" >"/dev/stderr"; exit 1 }
        bar = ""; for (us = 0; us < $5 && length(bar) < 60; us += 250) bar = bar "#"
        printf "%6d %8d %8d %8d %8.1f  %s\n", minute, $3, $4, $5, memory, bar
        printf "%d\t%d\t%d\t%d\t%.1f\n", minute, $3, $4, $5, memory >>"build/soak.tsv"
    }'
done
# A tenth of the time at each end: is the end slower or larger than the beginning?
tenth=$(((minutes + 9) / 10))
for column in 'p50 2 us' 'p99 4 us' 'memory 5 MB'; do
    # shellcheck disable=SC2086  # name, column, unit
    set -- $column
    # shellcheck disable=SC2046
    first=$(median $(head -n "$tenth" build/soak.tsv | cut -f"$2"))
    # shellcheck disable=SC2046
    last=$(median $(tail -n "$tenth" build/soak.tsv | cut -f"$2"))
    figure "soak.$size.$1.first" "$first" "$3"
    figure "soak.$size.$1.last" "$last" "$3" "soak.$size.$1.first" "$first"
done
stack_stop
