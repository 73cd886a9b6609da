#!/bin/sh
# feeds.sh [large]: GET /api/feeds through nginx by 1 and 8 keep-alive clients, each
# request another reader's, on the demo and on Deskdrop, or on models of the size of
# Gowalla and MovieLens 20M; in turn with workers that answer a constant of the same
# size through the same nginx: "stock", written on libfcgi alone, a connection a request,
# and "constant", our own loop without a handler. Then 8 clients at 70 % of the highest
# rate of feeds, requests coming at even intervals, time counted from when one was due,
# in turn with as many to the stock worker.
set -eu
# shellcheck source=tests/bench/feed_stack.sh
. tests/bench/feed_stack.sh

ROUNDS=3

# load PATH CLIENTS: prints rate, p50, p95, p99. Adds to the file $STACK/cpu: what each
# program used, and the requests.
load()
{
    tests/bench/stack_cpu.sh "$VAR" >"$STACK/before"
    wrk -t1 -c"$2" -d"$BENCH_SECONDS"s -s "$STACK/wrk.lua" "$URL$1" -- "$STACK/tokens" |
    awk '/^figures/ { if ($6 > 0) exit 1; print; seen = 1 }
         END { exit !seen }' >"$STACK/line" || die "wrk $1 with $2 clients: answers other than 200"
    {
        cat "$STACK/before"
        echo after
        tests/bench/stack_cpu.sh "$VAR"
    } | awk -v path="${1%%\?*}" '
        $1 == "after" { after = 1; next }
        after { print path, $1, $2 - us[$1]; next }
        { us[$1] = $2 }' >>"$STACK/cpu"
    echo "${1%%\?*} requests $(cut -d' ' -f7 "$STACK/line")" >>"$STACK/cpu"
    cut -d' ' -f2-5 "$STACK/line"
}

# CPU time a request, of all programs and of each: unlike times, it changes little when
# something else keeps the machine busy. Of a program that only one of them uses, the
# others use nothing.
cpu()
{
    awk '
        { us[$1, $2] += $3; if ($2 != "requests") { us[$1, "all"] += $3; names[$2] } }
        function of(path, name) { return us[path, name] / us[path, "requests"] }
        END {
            names["all"]
            for (name in names)
                if (of("/api/feeds", name) > of("/api/feeds", "all") / 100)
                    print name, of("/api/feeds", name), of("/api/constant", name),
                        of("/api/stock", name)
        }' "$STACK/cpu" | sort | while read -r program ours constants stocks; do
        if [ "${stocks%%.*}" -eq 0 ]; then
            figure "feeds.$1.cpu.$program" "$ours" us/request
            continue
        fi
        base=stock.$1.cpu.$program
        figure "$base" "$stocks" us/request
        figure "constant.$1.cpu.$program" "$constants" us/request "$base" "$stocks"
        figure "feeds.$1.cpu.$program" "$ours" us/request "$base" "$stocks"
    done
}

# column N WHO: the middle one of a column of what was measured of them in turn.
column()
{
    # shellcheck disable=SC2046
    median $(cut -d' ' -f"$1" "$STACK/turn.$2")
}

# In turn, so that a busy moment of the machine meets all.
compare()
{
    name=$1.clients_$2
    rm -f "$STACK"/turn.*
    for _ in $(seq "$ROUNDS"); do
        load '/api/feeds?limit=20' "$2" >>"$STACK/turn.feeds"
        load /api/constant "$2" >>"$STACK/turn.constant"
        load /api/stock "$2" >>"$STACK/turn.stock"
    done
    rate=$(column 1 stock)
    figure "stock.$name.rate" "$rate" requests/s
    figure "stock.$name.p95" "$(column 3 stock)" us
    figure "constant.$name.rate" "$(column 1 constant)" requests/s "stock.$name.rate" "$rate"
    figure "feeds.$name.rate" "$(column 1 feeds)" requests/s "stock.$name.rate" "$rate"
    figure "feeds.$name.rate_again" "$(column 1 feeds)" requests/s \
        "constant.$name.rate" "$(column 1 constant)"
    figure "feeds.$name.p50" "$(column 2 feeds)" us "stock.$name.p50" "$(column 2 stock)"
    figure "feeds.$name.p95" "$(column 3 feeds)" us "stock.$name.p95" "$(column 3 stock)"
    figure "feeds.$name.p99" "$(column 4 feeds)" us "stock.$name.p99" "$(column 4 stock)"
}

# load_even PATH RATE: p50, p95, p99 of requests that are due at even intervals.
load_even()
{
    "$BUILT/bench/load" get --port "${URL##*:}" --tokens "$STACK/tokens" --clients 8 \
        --path "$1" --rate "$2" --seconds "$BENCH_SECONDS" |
        awk '$7 > 0 { exit 1 } { print $3, $4, $5; seen = 1 } END { exit !seen }' ||
        die "$1: answers other than 200 at $2 requests/s"
}

# rate of 8 clients that ask without a pause -> latencies at 70 % of it, and of the stock
# worker at this same rate, in turn: what the machine itself adds meets both.
at_70_percent()
{
    rate=$(awk -v rate="$2" 'BEGIN { print rate * 0.7 }')
    rm -f "$STACK"/turn.*
    for _ in $(seq "$ROUNDS"); do
        load_even '/api/feeds?limit=20' "$rate" >>"$STACK/turn.feeds"
        load_even /api/stock "$rate" >>"$STACK/turn.stock"
    done
    for cut in 'p50 1' 'p95 2' 'p99 3'; do
        base=stock.$1.load_70.${cut% *}
        other=$(column "${cut#* }" stock)
        figure "$base" "$other" us
        figure "feeds.$1.load_70.${cut% *}" "$(column "${cut#* }" feeds)" us "$base" "$other"
    done
}

# Where the time of a worker goes: the mean of each stage of Server-Timing over the
# middle half of the answers by their total. They add up: `rest` is the request, token,
# cursor and JSON with its signatures.
stages()
{
    head -n 200 "$STACK/tokens" | while read -r token; do
        curl -fsS -m 5 -o /dev/null -D - -H "Cookie: kith=$token" "$URL/api/feeds?limit=20"
    done | awk 'tolower($1) == "server-timing:" {
        split("", us)
        for (i = 2; i <= NF; i++) { split($i, part, /;dur=|,/); us[part[1]] = part[2] * 1000 }
        print us["total"] + 0, us["history"] + 0, us["fresh"] + 0, us["neighbours"] + 0,
              us["rank"] + 0, us["reasons"] + 0, us["fill"] + 0
    }' | sort -g | awk '
        { for (i = 1; i <= NF; i++) us[NR, i] = $i }
        END {
            count = split("total history fresh neighbours rank reasons fill", name, " ")
            first = int(NR / 4) + 1
            last = NR - int(NR / 4)
            for (i = 1; i <= count; i++) {
                for (n = first; n <= last; n++) sum[i] += us[n, i] / (last - first + 1)
                print name[i], sum[i]
                rest += i == 1 ? sum[i] : -sum[i]
            }
            print "rest", rest
        }' |
    while read -r stage us; do
        figure "feeds.$1.stage.$stage" "$us" us
    done
}

# measure NAME: the stack that is up, with its readers.
measure()
{
    cp tests/bench/wrk.lua "$STACK/"
    take_readers
    check_answers "$1"
    stages "$1"
    ask "$(head -n 1 "$STACK/tokens")" >"$STACK/answer.json"
    constant_start constant "$STACK/answer.json"
    constant_start stock "$STACK/answer.json"
    for clients in 1 8; do
        compare "$1" "$clients"
    done
    cpu "$1"
    at_70_percent "$1" "$(column 1 feeds)"
    figure "feeds.$1.worker_private_memory" "$(private_memory)" MB
    stack_stop
}

if [ "${1:-}" = large ]; then
    for size in gowalla ml20m; do
        stack_start DATA=
        place "$size"
        measure "$size"
    done
    exit
fi
stack_start DATA=
measure demo
if [ -d "$DATA/deskdrop" ]; then
    stack_start DATA="$(realpath "$DATA/deskdrop")"
    measure deskdrop
else
    echo "skipped: no $DATA/deskdrop (DATA=path names the folder of data sets)"
fi
