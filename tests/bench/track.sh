#!/bin/sh
# track.sh [large]: events stored a second end to end, in batches of 20 through nginx,
# synchronous_commit on, in turn with pgbench running the INSERT of our worker
# (sql/queries/insert_events.sql) on as many connections, on the same server.
#
# pgbench cannot send arrays: it makes the values of a batch inside the statement. That
# part alone is measured as well. What an event costs the workers is told by part
# (worker_parts.sh).
#
# large: the same load on a table of ten million events, in turn with an empty one.
set -eu
# shellcheck source=tests/bench/stack.sh
. tests/bench/stack.sh

ROUNDS=3
BATCH=20
CLIENTS=16
POSTS=5000
STORED=${STORED:-10000000}

owner()
{
    with psql -qAtX -v ON_ERROR_STOP=1 -U postgres "$@"
}

make_posts()
{
    owner -d "$1" -c "INSERT INTO posts (id, title)
        SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'post'
        FROM generate_series(0, $POSTS - 1) AS n"
}

# The database of pgbench: what kith migrate makes, and the same posts.
make_beside()
{
    owner -d postgres -c 'CREATE DATABASE beside OWNER kith'
    run=$(sed -n "s/^RUN='\(.*\)'\$/\1/p" "$VAR/etc/stack.env")
    with env KITH_DB_URL="postgresql://kith@/beside?host=$run" kith migrate >/dev/null
    make_posts beside
}

# Our INSERT for pgbench, and what it does besides: making the values.
write_scripts()
{
    vars=$(printf '%s\n' '\set reader random(1, 20000)' "\\set post random(0, $POSTS - 1)")
    batch=$(sed '/^--/d' tests/bench/pgbench_batch.sql)
    {
        printf '%s\nWITH %s,\n' "$vars" "$batch"
        sed -f tests/bench/pgbench.sed sql/queries/insert_events.sql | sed '/^WITH$/d'
        echo ';'
    } >"$STACK/insert.sql"
    printf '%s\nWITH %s\nSELECT cardinality(ids) FROM batch;\n' "$vars" "$batch" \
        >"$STACK/values.sql"
    for script in insert values; do
        lend "$STACK/$script.sql" >/dev/null
    done
}

# pgbench_rate SCRIPT: transactions a second.
pgbench_rate()
{
    pg_bin=$(sed -n "s/^PG_BIN='\(.*\)'\$/\1/p" "$VAR/etc/stack.env")
    with "$pg_bin/pgbench" -n -M prepared -c "$WORKERS" -j "$WORKERS" \
        -T "$BENCH_SECONDS" -f "$VAR/bench/$1.sql" beside >"$STACK/pgbench.log" 2>&1 || {
        cat "$STACK/pgbench.log" >&2
        die "pgbench failed"
    }
    sed -n 's/^tps = \([0-9.]*\).*/\1/p' "$STACK/pgbench.log"
}

# Both tables empty, and no checkpoint of the last load inside the next.
clear_tables()
{
    for database in "$@"; do
        owner -d "$database" -c 'TRUNCATE user_interactions' -c CHECKPOINT
    done
}

rows()
{
    owner -d "$1" -c 'SELECT count(*) FROM user_interactions'
}

worker_pids()
{
    for exe in /proc/[0-9]*/exe; do
        [ "$(readlink "$exe")" = "$VAR/app/bin/track.fcgi" ] || continue
        exe=${exe%/exe}
        echo "${exe#/proc/}"
    done
}

# add_cpu STORED: appends to the file $STACK/cpu what each program of the stack used for
# an event between the files $STACK/before and $STACK/after, in us, and all together.
add_cpu()
{
    awk -v stored="$1" '
        NR == FNR { before[$1] = $2; next }
        { used = ($2 - before[$1]) / stored; all += used; print $1, used }
        END { print "all", all }' "$STACK/before" "$STACK/after" >>"$STACK/cpu"
}

# cpu PROGRAM: the middle one of the rounds.
cpu()
{
    # shellcheck disable=SC2046  # one argument each
    median $(awk -v name="$1" '$1 == name { print $2 }' "$STACK/cpu")
}

# track_load: prints batches/s, p50, p95, p99 in us. Every answer must have stored all.
track_load()
{
    with "$LOAD" track --port "$PORT" --keys "$VAR/keys/token" --posts "$VAR/bench/posts" \
        --clients "$CLIENTS" --seconds "$BENCH_SECONDS" --seed "$(date +%s)" --readers "$READERS" |
    awk '$7 > 0 { exit 1 } { print $2, $3, $4, $5; seen = 1 } END { exit !seen }' ||
        die "track: a batch was not stored whole"
}

start()
{
    stack_start DATA=
    PORT=${URL##*:}
    READERS=20000
    WORKERS=$(workers_of TRACK)
    LOAD=$(lend "$BUILT/bench/load")
    make_posts kith
    sql -c "SELECT id FROM posts WHERE id < '00000000-0000-4000-8001-000000000000'" \
        >"$STACK/posts"
    lend "$STACK/posts" >/dev/null
    [ "$(sql -c 'SHOW synchronous_commit') $(sql -c 'SHOW fsync')" = "on on" ] ||
        die "PostgreSQL must commit to disk"
}

# A commit waits for this: the mean of a synchronous 8 KB write beside the database.
print_disk()
{
    for _ in 1 2; do # the second time the file has its size
        begin=$(date +%s%N)
        dd if=/dev/zero of="$VAR/bench/sync" bs=8k count=300 oflag=dsync conv=notrunc 2>/dev/null
        took=$(($(date +%s%N) - begin))
    done
    figure disk.synchronous_write "$((took / 300000))" us
}

# print_parts CPU: where the CPU of an event goes in the workers, under one more load.
print_parts()
{
    track_load >"$STACK/parts.load" &
    load=$!
    # shellcheck disable=SC2046  # one argument each
    tests/bench/worker_parts.sh "$BUILT/bin/track.fcgi" "$BENCH_SECONDS" $(worker_pids) \
        >"$STACK/parts" || echo "  (by part: needs perf and the right to use it)"
    wait "$load"
    while read -r part share; do
        figure "track.event.$part" "$(awk -v cpu="$1" -v share="$share" \
            'BEGIN { print cpu * share }')" us/event
    done <"$STACK/parts"
}

# column NUMBER LINES: the middle one of a column.
column()
{
    # shellcheck disable=SC2046
    median $(printf '%s\n' "$2" | cut -d' ' -f"$1")
}

events()
{
    awk -v rate="$1" -v batch="$BATCH" 'BEGIN { print rate * batch }'
}

small()
{
    start
    make_beside
    write_scripts
    track_load >/dev/null # plans, caches, files
    pgbench_rate insert >/dev/null
    ours= theirs=
    for _ in $(seq "$ROUNDS"); do
        clear_tables kith beside
        tests/bench/stack_cpu.sh "$VAR" >"$STACK/before"
        line=$(track_load)
        tests/bench/stack_cpu.sh "$VAR" >"$STACK/after"
        add_cpu "$(rows kith)"
        ours="$ours${ours:+
}$line"
        theirs="$theirs $(pgbench_rate insert)"
        [ "$(rows beside)" -ge $((BATCH * 100)) ] || die "pgbench stored nothing"
    done
    # shellcheck disable=SC2086
    base=$(events "$(median $theirs)")
    echo "batches of $BATCH, $WORKERS workers and connections, $CLIENTS clients, synchronous_commit on"
    print_disk
    figure pgbench.insert.rate "$base" events/s
    figure pgbench.values_alone.rate "$(events "$(pgbench_rate values)")" events/s
    figure track.rate "$(events "$(column 1 "$ours")")" events/s pgbench.insert.rate "$base"
    figure track.batch.p50 "$(column 2 "$ours")" us
    figure track.batch.p95 "$(column 3 "$ours")" us
    figure track.batch.p99 "$(column 4 "$ours")" us
    for program in all postgres nginx svlogd; do
        figure "track.cpu.$program" "$(cpu "$program")" us/event
    done
    figure track.worker_cpu "$(cpu track.fcgi)" us/event
    print_parts "$(cpu track.fcgi)"
    stack_stop
}

# A second table like the first, for the swap.
make_twin()
{
    owner -d kith <<'SQL'
CREATE SCHEMA other AUTHORIZATION kith;
CREATE TABLE other.user_interactions (LIKE public.user_interactions INCLUDING ALL);
ALTER TABLE other.user_interactions OWNER TO kith,
    ADD FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    ADD FOREIGN KEY (post_id) REFERENCES posts (id);
SQL
}

# The workers' statement finds its table by name, anew after each swap.
swap()
{
    owner -d kith <<'SQL'
BEGIN;
CREATE SCHEMA between;
ALTER TABLE public.user_interactions SET SCHEMA between;
ALTER TABLE other.user_interactions SET SCHEMA public;
ALTER TABLE between.user_interactions SET SCHEMA other;
DROP SCHEMA between;
COMMIT;
SQL
}

fill()
{
    owner -d kith -v stored="$STORED" -v posts="$POSTS" <tests/bench/fill.sql
}

print_indexes()
{
    echo "indexes of $STORED events:"
    owner -d kith -F ' ' -c "
        SELECT '  ' || rpad(pg_size_pretty(pg_relation_size(indexrelid)), 9),
               substring(pg_get_indexdef(indexrelid) FROM 'USING.*')
        FROM pg_index WHERE indrelid = 'public.user_interactions'::regclass
        ORDER BY pg_relation_size(indexrelid) DESC"
}

large()
{
    start
    READERS=200000
    make_twin
    echo "storing $STORED events ..."
    fill
    print_indexes
    # Longer, and once unmeasured: the first write to a page after a checkpoint puts
    # the whole page into the log, and a large table has many.
    BENCH_SECONDS=$((BENCH_SECONDS * 4))
    track_load >/dev/null
    full= empty=
    for _ in $(seq "$ROUNDS"); do
        full="$full${full:+
}$(track_load)"
        swap
        owner -d kith -c 'TRUNCATE user_interactions'
        empty="$empty${empty:+
}$(track_load)"
        swap
    done
    base=$(events "$(column 1 "$empty")")
    figure track.table_empty.rate "$base" events/s
    figure "track.table_${STORED}.rate" "$(events "$(column 1 "$full")")" events/s \
        track.table_empty.rate "$base"
    figure "track.table_${STORED}.p99" "$(column 4 "$full")" us \
        track.table_empty.p99 "$(column 4 "$empty")"
    stack_stop
}

case ${1:-small} in
small | large) "${1:-small}" ;;
*) die "usage: track.sh [large]" ;;
esac
