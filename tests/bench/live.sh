#!/bin/sh
# live.sh: one message to 1,000 open pages (WebSockets), 50 times. With LIVE_SECONDS
# this is done over and over for so long, with new pages each time; then also what
# nginx holds in memory at half time, and how much more at the end.
set -eu
# shellcheck source=tests/bench/stack.sh
. tests/bench/stack.sh

# All memory of nginx and its workers, shared pages by their share, in kB.
nginx_memory()
{
    master=$(cat "$VAR/service/nginx/supervise/pid")
    for pid in $master $(cat "/proc/$master/task/$master/children"); do
        cat "/proc/$pid/smaps_rollup"
    done | awk '/^Pss:/ { kb += $2 } END { print kb }'
}

stack_start RATE_LIMIT=0
readers_with 1 1 >"$STACK/readers"
run=$(sed -n "s/^RUN='\(.*\)'\$/\1/p" "$VAR/etc/stack.env")
token=$(tokens_of "$STACK/readers")
publish_to_all()
{
    "$BUILT/bench/bench_live" "${URL##*:}" "$run/publish.sock" "$token"
}
publish_to_all
[ -n "${LIVE_SECONDS:-}" ] || exit 0

# Until SECONDS have passed: as many rounds as fit, at least one. Counts ROUNDS.
repeat()
{
    until_s=$(($(date +%s) + $1))
    while :; do
        BENCH_LINES=/dev/null publish_to_all >"$STACK/round"
        ROUNDS=$((ROUNDS + 1))
        [ "$(date +%s)" -lt "$until_s" ] || break
    done
}

ROUNDS=0
repeat "$((LIVE_SECONDS / 2))"
half=$(nginx_memory)
repeat "$((LIVE_SECONDS / 2))"
figure live.rounds "$ROUNDS" rounds
figure live.memory "$((half / 1024))" MB
figure live.growth "$(($(nginx_memory) - half))" kB
