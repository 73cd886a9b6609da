#!/bin/sh
# soak.sh [MINUTES [RATE [gowalla|ml20m|demo]]]: GET /api/feeds by 8 clients at a constant
# rate, requests due at even intervals, for an hour (60, 200/s, gowalla). Latency and
# memory are drawn, a line a minute, and stand in build/soak.tsv: minute, requests/s, p50,
# p95, p99 in us, then MB that belong to no other process: the largest feeds worker, all
# of nginx, all of PostgreSQL. Fails at the first answer other than 200, and when at the
# beginning or at the end most answers are fallbacks.
set -eu
# shellcheck source=tests/bench/feed_stack.sh
. tests/bench/feed_stack.sh

MINUTE_S=${MINUTE_S:-60}
minutes=${1:-60}
rate=${2:-200}
size=${3:-gowalla}

# MB of all processes of the stack that run this program. Left out is what only looks
# private: unchanged parts of a file, and shared memory that nobody else has touched yet
# (PostgreSQL's checkpointer goes through all buffers).
dirty_memory()
{
    for exe in /proc/[0-9]*/exe; do
        case $(readlink "$exe" 2>/dev/null)$(readlink "${exe%exe}cwd" 2>/dev/null)/ in
        */"$1$VAR"/*) cat "${exe%exe}smaps" 2>/dev/null || : ;;
        esac
    done | awk '
        /^[0-9a-f]+-/ { shared = $2 ~ /s$/ }
        /^Private_Dirty:/ && !shared { kb += $2 }
        END { printf "%.1f\n", kb / 1024 }'
}

stack_start DATA=
[ "$size" = demo ] || place "$size"
take_readers
check_answers "$size"
mkdir -p build
: >build/soak.tsv
printf '%6s %7s %7s %7s %7s %8s %8s %10s  %s\n' minute rate p50 p95 p99 worker nginx \
    PostgreSQL 'p99, a # each 0.25 ms; memory of all, a = each 4 MB'
for minute in $(seq "$minutes"); do
    line=$("$BUILT/bench/load" get --port "${URL##*:}" --tokens "$STACK/tokens" \
        --clients 8 --rate "$rate" --seconds "$MINUTE_S")
    echo "$line $(private_memory) $(dirty_memory nginx) $(dirty_memory postgres)" |
        awk -v minute="$minute" '
            function drawn(mark, count, most,  text) {
                while (length(text) < count && length(text) < most)
                    text = text mark
                return text
            }
            $7 > 0 { print $7 " answers other than 200" >"/dev/stderr"; exit 1 }
            {
                printf "%6d %7.1f %7d %7d %7d %8.1f %8.1f %10.1f  %-40s %s\n", minute, $2,
                    $3, $4, $5, $8, $9, $10, drawn("#", $5 / 250, 40),
                    drawn("=", ($8 + $9 + $10) / 4, 60)
                printf "%d\t%.1f\t%d\t%d\t%d\t%.1f\t%.1f\t%.1f\n", minute, $2, $3, $4, $5,
                    $8, $9, $10 >>"build/soak.tsv"
            }'
done
check_answers "$size"
# A tenth of the time at each end: is the end slower or larger than the beginning?
tenth=$(((minutes + 9) / 10))
for column in 'rate 2 requests/s' 'p50 3 us' 'p99 5 us' 'worker 6 MB' 'nginx 7 MB' \
    'postgresql 8 MB'; do
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
