#!/bin/sh
# feeds.sh: GET /api/feeds through nginx by 1 and 8 keep-alive clients, each request
# another reader's, on the demo and on Deskdrop; in turn with a worker that answers a
# constant of the same size through the same nginx.
set -eu
# shellcheck source=tests/bench/stack.sh
. tests/bench/stack.sh

ROUNDS=3
READERS=400
LEAST_EVENTS=5

# Settings of one loader: PATH and clients. Prints rate, p50, p95, p99.
load()
{
    wrk -t1 -c"$2" -d"$BENCH_SECONDS"s -s "$STACK/wrk.lua" "$URL$1" -- "$STACK/tokens" |
    awk '/^figures/ { if ($6 > 0) exit 1; print $2, $3, $4, $5; seen = 1 }
         END { exit !seen }' || die "wrk $1 with $2 clients: answers other than 200"
}

# column N LINES: the middle one of a column.
column()
{
    # shellcheck disable=SC2046
    median $(printf '%s\n' "$2" | cut -d' ' -f"$1")
}

# Both in turn, so that a busy moment of the machine meets both.
compare()
{
    data=$1
    clients=$2
    feed=
    constant=
    for _ in $(seq "$ROUNDS"); do
        feed="$feed${feed:+
}$(load '/api/feeds?limit=20' "$clients")"
        constant="$constant${constant:+
}$(load /api/constant "$clients")"
    done
    name=feeds.$data.clients_$clients
    base=constant.$data.clients_$clients
    figure "$base.rate" "$(column 1 "$constant")" requests/s
    figure "$base.p95" "$(column 3 "$constant")" us
    figure "$name.rate" "$(column 1 "$feed")" requests/s "$base.rate" "$(column 1 "$constant")"
    figure "$name.p50" "$(column 2 "$feed")" us "$base.p50" "$(column 2 "$constant")"
    figure "$name.p95" "$(column 3 "$feed")" us "$base.p95" "$(column 3 "$constant")"
    figure "$name.p99" "$(column 4 "$feed")" us "$base.p99" "$(column 4 "$constant")"
}

ask()
{
    curl -fsS -m 5 -H "Cookie: kith=$1" "$URL/api/feeds?limit=20"
}

# What is measured must be the recommender: says how many of 50 readers got it.
check_answers()
{
    head -n 50 "$STACK/tokens" | while read -r token; do
        ask "$token" | jq -r .source
    done | sort | uniq -c | awk -v data="$1" '
        { all += $1; if ($2 == "ml_recommendations") own += $1 }
        END { printf "%s: %d of %d sampled answers are ml_recommendations\n", data, own, all
              exit own < all / 2 }' || die "most answers are fallbacks"
}

# Where the time of a worker goes: the middle of each stage of Server-Timing.
stages()
{
    head -n 200 "$STACK/tokens" | while read -r token; do
        curl -fsS -m 5 -o /dev/null -D - -H "Cookie: kith=$token" "$URL/api/feeds?limit=20"
    done | awk 'tolower($1) == "server-timing:" {
        for (i = 2; i <= NF; i++) { split($i, part, /;dur=|,/); print part[1], part[2] * 1000 }
    }' | sort -k 1,1 -k 2,2g | awk '
        { count[$1]++; us[$1, count[$1]] = $2 }
        END { for (s in count) print s, us[s, int((count[s] + 1) / 2)] }' | sort |
    while read -r stage us; do
        figure "feeds.$1.stage.$stage" "$us" us
    done
}

# bench NAME [DATA]
bench()
{
    stack_start DATA="${2:-}"
    cp tests/bench/wrk.lua "$STACK/"
    readers_with "$LEAST_EVENTS" "$READERS" >"$STACK/readers"
    tokens_of "$STACK/readers" >"$STACK/tokens"
    check_answers "$1"
    stages "$1"
    ask "$(head -n 1 "$STACK/tokens")" >"$STACK/answer.json"
    constant_start "$STACK/answer.json"
    for clients in 1 8; do
        compare "$1" "$clients"
    done
    stack_stop
}

bench demo
if [ -d "$DATA/deskdrop" ]; then
    bench deskdrop "$(realpath "$DATA/deskdrop")"
else
    echo "skipped: no $DATA/deskdrop (DATA=path names the folder of data sets)"
fi
