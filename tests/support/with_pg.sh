#!/bin/sh
# with_pg.sh COMMAND [ARG...] -- run COMMAND beside a throw-away PostgreSQL.
#
# A private cluster on a Unix socket, no port, trust inside a 0700 folder.
# Exports DB_URL (database postgres, a superuser) and DB_PID (the postmaster).
# The cluster is stopped and removed when COMMAND ends and on HUP, INT, TERM.
# The exit status is COMMAND's. With DB_URL already set COMMAND is only run.
# PG_EXTRA adds server options, for instance PG_EXTRA='-c fsync=off'.
set -eu

[ $# -gt 0 ] || { echo "usage: with_pg.sh COMMAND [ARG...]" >&2; exit 2; }
[ -z "${DB_URL:-}" ] || exec "$@"

bin=$(pg_config --bindir)
# initdb refuses root: then the server runs under the postgres account.
as=
if [ "$(id -u)" -eq 0 ]; then
    if command -v setpriv >/dev/null; then
        as="setpriv --reuid=postgres --regid=postgres --clear-groups"
    else
        as="runuser -u postgres --"
    fi
fi

dir= child=
clean() {
    trap '' HUP INT TERM
    [ -z "$child" ] || kill "$child" 2>/dev/null || :
    if [ -n "$dir" ] && [ -f "$dir/d/postmaster.pid" ]; then
        # A test may have left it stopped; it cannot die then.
        kill -CONT "$(head -n 1 "$dir/d/postmaster.pid")" 2>/dev/null || :
        (cd / && $as "$bin/pg_ctl" -D "$dir/d" -m immediate -w stop) \
            >/dev/null 2>&1 || :
    fi
    [ -z "$dir" ] || rm -rf "$dir"
}
trap clean EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# A socket's path is at most 107 bytes, and the server's account must be able
# to reach the folder: where TMPDIR fails either, /tmp serves.
for base in "${TMPDIR:-/tmp}" /tmp; do
    dir=$(mktemp -d "$base/kpg.XXXXXX")
    [ -z "$as" ] || chown postgres "$dir"
    [ ${#dir} -le 80 ] && (cd / && $as test -w "$dir") && break
    rm -rf "$dir"
    dir=
done
[ -n "$dir" ] || { echo "with_pg.sh: no folder for the server" >&2; exit 1; }

say() { echo "with_pg.sh: $1:" >&2; cat "$dir/log" >&2; exit 1; }
: >"$dir/log"
[ -z "$as" ] || chown postgres "$dir/log"
(cd / && $as "$bin/initdb" -D "$dir/d" -U postgres -A trust -E UTF8 \
    --locale=C.UTF-8 --no-sync) >"$dir/log" 2>&1 || say "initdb failed"
(cd / && $as "$bin/pg_ctl" -D "$dir/d" -l "$dir/log" -w -o "\
 -c listen_addresses='' -c unix_socket_directories='$dir' \
 -c max_connections=100 -c shared_buffers=128MB -c max_wal_size=2GB \
 ${PG_EXTRA:-}" start) >/dev/null 2>&1 || say "the server did not start"

DB_URL="postgresql:///postgres?host=$dir&user=postgres"
DB_PID=$(head -n 1 "$dir/d/postmaster.pid")
export DB_URL DB_PID

# In the background, so that a signal is handled at once and not when COMMAND
# ends; with our standard input, which background jobs do not get by default.
exec 3<&0
"$@" <&3 3<&- &
child=$!
exec 3<&-
status=0
wait "$child" || status=$?
child=
exit $status
