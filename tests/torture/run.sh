#!/bin/sh
# Usage: tests/torture/run.sh PROGRAM SECONDS KILLS [SEED]
# The kill test: a private stack (PostgreSQL with fsync on, nginx, workers, drain),
# clients that send batches through nginx, and SIGKILL to any part at random moments.
# Afterwards every acknowledged event must be in the table, exactly once and with its
# content, and no refused one. Leaves no process and no file.
set -eu
cd "$(dirname "$0")/../.."
[ $# -ge 3 ] || { echo 'usage: run.sh PROGRAM SECONDS KILLS [SEED]' >&2; exit 2; }
program=$PWD/$1
seconds=$2
kills=$3
seed=${4:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
begin=$(date +%s)

base=$(mktemp -d "${TMPDIR:-/tmp}/kith-torture-XXXXXX")
chmod 755 "$base" # the user of the stack need not be ours
root=$base/stack

clean()
{
    trap '' HUP INT TERM
    if [ -x "$root/ops/local/stop" ] && ! "$root/ops/local/stop" >"$base/stop.log" 2>&1; then
        cat "$base/stop.log" >&2
        return
    fi
    rm -rf "$base"
}
trap clean EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Looks like a checkout: copies of ops/local, links to the rest of this one.
make_checkout()
{
    mkdir -p "$root/ops" "$base/ledgers"
    cp -R ops/local "$root/ops/"
    for entry in * ops/*; do
        case $entry in
        var | ops | ops/local) ;;
        *) ln -s "$PWD/$entry" "$root/$entry" ;;
        esac
    done
}

# Posts to be read, and a reader to train with: seconds less than the demo.
make_data()
{
    awk 'BEGIN {
        print "id,title,published_at"
        for (i = 1; i <= 50; i++)
            printf "00000000-0000-4000-8000-%012d,Post %d,2026-01-02\n", i, i
    }' >"$base/posts.csv"
    awk 'BEGIN {
        print "user,post,type,at"
        for (i = 1; i <= 50; i++)
            for (u = 1; u <= 3; u++)
                printf "reader%d,00000000-0000-4000-8000-%012d,view,2026-01-03\n", u, i
    }' >"$base/interactions.csv"
    mkdir "$base/data"
    mv "$base/posts.csv" "$base/interactions.csv" "$base/data"
    chmod -R a+rX "$base/data"
}

with()
{
    "$root/ops/local/with" "$@"
}

# Every setting of the caller would be one of the stack.
start_stack()
{
    unset MAKEFLAGS MFLAGS MAKELEVEL VARIANT
    for name in $(env | sed -n 's/^\(KITH_[A-Z0-9_]*\)=.*/\1/p'); do
        unset "$name"
    done
    port=$("$program" port)
    PORT=$port DATA=$base/data RATE_LIMIT=0 KITH_TRACK_RATE=0 KITH_DEMO=0 PG_SHARED_MB=128 READY_S=60 \
        NIGHTLY_HOUR=$((($(date -u +%-H) + 12) % 24)) \
        "$root/ops/local/up" >"$base/up.log" 2>&1 || {
        cat "$base/up.log"
        echo 'FAIL  the stack did not start'
        exit 1
    }
    var=$(cd -P "$root/var" && pwd)
}

all_ready()
{
    curl -fsS -o /dev/null -m 5 "http://127.0.0.1:$port/readyz" 2>/dev/null
}

# The drain that stays up has stored what it could; what is left is stored here, and
# nothing may be left then.
drain_rest()
{
    for _ in $(seq 600); do
        all_ready && break
        sleep 0.1
    done
    sv -w 30 stop "$var/service/drain" >/dev/null
    with kith drain --once --json >"$base/drain.json" 2>"$base/drain.log" || {
        cat "$base/drain.json" "$base/drain.log"
        echo 'FAIL  the last drain'
        return 1
    }
    with kith status --json >"$base/status.json"
    jq -e '.spool.records == 0' "$base/status.json" >/dev/null ||
        { echo 'FAIL  something is left in the spool'; return 1; }
    ! cat "$var"/log/drain/* | grep -E 'event=spool_(aside|unreadable|poison)' |
        grep -v 'level=warn' || { echo 'FAIL  a damaged segment'; return 1; }
}

# One line a check: its name, how many. All but those of "count" must be 0.
judge()
{
    {
        cat <<'SQL'
CREATE TEMP TABLE ledger (id uuid PRIMARY KEY, user_id uuid, fate "char", status int);
COPY ledger FROM stdin;
SQL
        cat "$base"/ledgers/ledger.*
        cat <<'SQL'
\.
CREATE TEMP TABLE stored AS
    SELECT e.id, e.user_id, e.metadata FROM user_interactions AS e
    WHERE e.metadata ? 'user';
CREATE INDEX ON stored (id);
ANALYZE ledger;
ANALYZE stored;
SELECT 'count', 'acknowledged events', count(*) FROM ledger WHERE fate = 'A'
UNION ALL SELECT 'count', 'refused events', count(*) FROM ledger WHERE fate = 'R'
UNION ALL SELECT 'count', 'events of posts that do not exist', count(*)
          FROM ledger WHERE fate = 'P'
UNION ALL SELECT 'count', 'events in the table', count(*) FROM stored
UNION ALL SELECT 'bad', 'acknowledged, not in the table', count(*)
          FROM ledger AS l WHERE fate = 'A' AND NOT EXISTS
              (SELECT FROM stored AS s WHERE s.id = l.id)
UNION ALL SELECT 'bad', 'in the table more than once', count(*) FROM
              (SELECT metadata ->> 'id' FROM stored GROUP BY 1 HAVING count(*) > 1) AS d
UNION ALL SELECT 'bad', 'refused, and in the table', count(*)
          FROM ledger AS l JOIN stored AS s USING (id) WHERE fate IN ('R', 'P')
UNION ALL SELECT 'bad', 'in the table, never sent', count(*)
          FROM stored AS s WHERE NOT EXISTS (SELECT FROM ledger AS l WHERE l.id = s.id)
UNION ALL SELECT 'bad', 'with the content of another', count(*)
          FROM stored AS s WHERE s.id::text <> s.metadata ->> 'id'
              OR s.user_id::text <> s.metadata ->> 'user';
SQL
    } | with psql -XqAt -F "$(printf '\t')" -v ON_ERROR_STOP=1 >"$base/judged" ||
        { echo 'FAIL  the table could not be asked'; return 1; }
    awk -F'\t' '
        { printf "  %-34s %10d\n", $2, $3 }
        $1 == "bad" { checks++ }
        $1 == "bad" && $3 { print "FAIL  " $2; bad = 1 }
        END { exit bad || checks != 5 }' "$base/judged"
}

make_checkout
make_data
start_stack
echo "kill test: $seconds s, $kills kills, seed $seed (started in $(($(date +%s) - begin)) s)"
failed=
"$program" "$port" "$var" "$base/ledgers" "$seconds" "$kills" "$seed" || failed=1
drain_rest || failed=1
printf '  %-34s %10s\n' 'segments kept aside (torn)' \
    "$(jq .spool.bad_segments "$base/status.json" 2>/dev/null || echo '?')"
judge || failed=1
if [ -n "$failed" ]; then
    echo "kill test FAILED after $(($(date +%s) - begin)) s; again: SEED=$seed"
    [ -z "${TORTURE_KEEP:-}" ] || { cp -R "$var/log" "$TORTURE_KEEP"; }
    exit 1
fi
[ -z "${TALLY:-}" ] || echo "1 0 0 torture" >>"$TALLY"
echo "kill test: all holds, $(($(date +%s) - begin)) s"
