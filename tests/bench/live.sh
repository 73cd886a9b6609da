#!/bin/sh
# live.sh: one message to 1,000 open pages (WebSockets), 50 times.
set -eu
# shellcheck source=tests/bench/stack.sh
. tests/bench/stack.sh

stack_start RATE_LIMIT=0
readers_with 1 1 >"$STACK/readers"
run=$(sed -n "s/^RUN='\(.*\)'\$/\1/p" "$VAR/etc/stack.env")
"$BUILT/bench/bench_live" "${URL##*:}" "$run/publish.sock" "$(tokens_of "$STACK/readers")"
