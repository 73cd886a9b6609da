#!/bin/sh
# track_cpu.sh: what an event of a batch of 20 costs a worker: CPU time, and
# instructions counted by callgrind, which no other program on the machine disturbs.
# Also by part: callgrind sees the calls of events_insert and db_query from outside.
set -eu
# shellcheck source=tests/bench/lib.sh
. tests/bench/lib.sh

BATCHES=3000
COUNTED=100
WARM=50 # batches of bench_track before it measures
EVENTS=$(((COUNTED + WARM) * 20))

if [ -z "${DB_URL:-}" ]; then
    # The disk costs no CPU time of ours.
    PG_EXTRA='-c fsync=off' exec tests/support/with_pg.sh "$0"
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
printf 'k1 %s\n' "$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')" >"$folder/token"
chmod 600 "$folder/token"
export KITH_TOKEN_KEYS_FILE="$folder/token" KITH_LOG_LEVEL=2

# A database for each run, so that both insert into an empty table.
fresh()
{
    psql -qAtX "$DB_URL" -c "CREATE DATABASE $1"
    KITH_DB_URL=$(printf %s "$DB_URL" | sed "s|///postgres?|///$1?|")
    export KITH_DB_URL
    "$BUILT/bin/kith" migrate >/dev/null
}

# counted FUNCTION: instructions inside its calls, all events together.
counted()
{
    awk -v name="$1" '
        { gsub(/,/, "", $1) }
        $0 ~ "[:]" name "( |$)" && $1 + 0 > most { most = $1 + 0 }
        END { print most + 0 }' "$folder/table"
}

share()
{
    figure "track.instructions.$1" "$(($2 / EVENTS))" /event
}

fresh timed
"$BUILT/bench/bench_track" "$BATCHES" 2>"$folder/log" || { tail -n 5 "$folder/log"; exit 1; }
fresh counted
BENCH_LINES='' valgrind -q --tool=callgrind --callgrind-out-file="$folder/calls" \
    --toggle-collect=track_post "$BUILT/bench/bench_track" "$COUNTED" >"$folder/out" 2>"$folder/log" ||
    { tail -n 20 "$folder/log"; exit 1; }
callgrind_annotate --auto=no --inclusive=yes --threshold=100 "$folder/calls" >"$folder/table"
all=$(counted track_post)
store=$(counted events_insert)
query=$(counted db_query)
sign=$(counted digest_key_hmac)
if [ "$store" -eq 0 ] || [ "$query" -eq 0 ] || [ "$sign" -eq 0 ]; then
    die "callgrind names no function"
fi
share all "$all"
share parse_check_answer "$((all - store - sign))"
# Valgrind knows no SHA instructions; with them it is far less: web.impression.check.
share signature "$sign"
share encode "$((store - query))"
share libpq "$query"
