# shellcheck shell=sh
# Writes what the stack in VAR runs with: settings, PostgreSQL's and nginx's
# configuration, the services of runit, a key. Sets RUN. Part of `start`.

# replace FILE: from standard input, by rename, and only when it differs.
replace()
{
    cat >"$1.new"
    if cmp -s "$1.new" "$1"; then rm "$1.new"; else mv "$1.new" "$1"; fi
}

# The KITH_ settings in the environment of `make run`, as shell.
CALLER_SETTINGS=$(awk 'BEGIN {
    for (name in ENVIRON)
        if (name ~ /^KITH_[A-Z0-9_]+$/) {
            value = ENVIRON[name]
            gsub(/\047/, "\047\\\047\047", value)
            print "export " name "=\047" value "\047"
        }
    }' | LC_ALL=C sort)

# Sets RUN, the folder of the sockets. A socket's path holds 107 bytes, and a
# connection URL likes no spaces: then the folder lies in /tmp.
make_run_folder()
{
    RUN=$VAR/run
    odd=$(printf %s "$RUN" | tr -d 'A-Za-z0-9._/-')
    if [ -z "$odd" ] && [ "${#RUN}" -le 90 ]; then
        [ ! -L run ] || rm run
        mkdir -p run
        return
    fi
    RUN=/tmp/kith-$(stack_hash "$VAR")
    [ -e "$RUN" ] || mkdir -m 700 "$RUN"
    if ! is_own_folder "$RUN" || [ "$(stat -c %a "$RUN")" != 700 ]; then
        die "$RUN is not a private folder of ours: remove it"
    fi
    ln -sfn "$RUN" run
}

# What the scripts know of this stack, and what the programs of kith are told.
# KITH_ settings of the caller come first: those of the stack itself win.
write_settings()
{
    replace etc/stack.env <<X
PG_BIN='$PG_BIN'
RUN='$RUN'
TRACK_WORKERS=$TRACK_WORKERS
FEEDS_WORKERS=$FEEDS_WORKERS
ADMIN_WORKERS=$ADMIN_WORKERS
NIGHTLY_HOUR=$NIGHTLY_HOUR
NIGHTLY_SLACK=$NIGHTLY_SLACK
X
    {
        printf 'export KITH_DEMO=%s\n' "$(may_switch_readers)"
        [ "$RATE_LIMIT" != 0 ] || echo 'export KITH_TRACK_RATE=0'
        [ -z "$TLS_CERT" ] || echo 'export KITH_COOKIE_SECURE=1'
        printf '%s\n' "$CALLER_SETTINGS"
        quoted=$(printf %s "$VAR" | sed "s/'/'\\\\''/g")
        cat <<X
export KITH_DB_URL='postgresql://kith@/kith?host=$RUN&port=5432'
export KITH_MODEL='$quoted/model/current.kith'
export KITH_TOKEN_KEYS_FILE='$quoted/keys/token'
export KITH_COVERS='$quoted/covers'
export KITH_SPOOL='$quoted/spool'
export KITH_PUBLISH_SOCKET='$RUN/publish.sock'
export KITH_DEMO_DIR='$quoted/app/ops/demo'
X
    } | replace etc/kith.env
    # shellcheck source=/dev/null
    . "$VAR/etc/kith.env"
}

# The page may act as any reader: with data that make run loaded, for this machine.
may_switch_readers()
{
    case $LISTEN in
    127.* | ::1) if [ -e state/data ]; then echo 1; else echo 0; fi ;;
    *) echo 0 ;;
    esac
}

write_postgresql_conf()
{
    preload=
    [ ! -e "$PG_BIN/../lib/pg_stat_statements.so" ] || preload=pg_stat_statements
    replace etc/postgresql.conf <<X
# Written by make run; sizes: ops/local/env.sh.
listen_addresses = ''
unix_socket_directories = '$RUN'
port = 5432
unix_socket_permissions = 0700
max_connections = $PG_CONNECTIONS
shared_preload_libraries = '$preload'

shared_buffers = ${PG_SHARED_MB}MB
effective_cache_size = ${PG_CACHE_MB}MB
work_mem = 16MB
maintenance_work_mem = 128MB
random_page_cost = 1.1
jit = off

# fsync and synchronous_commit stay on: an acknowledged event is on disk.
# The first change of a page after a checkpoint writes it whole into the log: lz4
# keeps a large table as fast as an empty one where pglz (on) took 40 % of the rate.
wal_compression = lz4
min_wal_size = 128MB
max_wal_size = ${PG_WAL_MB}MB
checkpoint_timeout = 15min
idle_in_transaction_session_timeout = 60s

timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %a '
log_min_duration_statement = 500ms
log_parameter_max_length = 0
log_lock_waits = on
log_checkpoints = off
X
}

write_nginx_conf()
{
    mkdir -p nginx/tmp
    for file in app/nginx/*.conf; do
        replace "nginx/${file##*/}" <"$file"
    done
    ln -sfn ../app/static nginx/static
    ln -sfn ../covers nginx/covers
    ln -sfn ../run nginx/run
    ln -sfn ../keys/tls.pem nginx/tls.pem
    tls=${TLS_CERT:+ ssl http2}
    hsts=
    [ -z "$tls" ] || [ "$TLS_HSTS_S" -eq 0 ] || hsts=max-age=$TLS_HSTS_S
    has_ipv6=
    grep -qs '^0*1 ' /proc/net/if_inet6 && has_ipv6=1
    {
        echo "listen $LISTEN_HOST:$PORT$tls;"
        case $LISTEN in
        127.0.0.1) echo "${has_ipv6:+listen [::1]:$PORT$tls;}" ;;
        0.0.0.0) echo "${has_ipv6:+listen [::]:$PORT$tls;}" ;;
        esac
        echo "set \$rate_limited $RATE_LIMIT;"
        echo "set \$hsts \"$hsts\";"
        [ -z "$tls" ] || echo 'include tls.conf;'
    } | replace nginx/listen.conf
    [ -n "$tls" ] || rm -f keys/tls.pem
}

# write_service NAME [SIGNAL]: how runit starts it, and how it ends it (TERM).
write_service()
{
    mkdir -p "service/$1/log" "service/$1/control" "log/$1"
    replace "service/$1/run" <<X
#!/bin/sh
exec "\$STACK_VAR/app/ops/local/serve" $1
X
    replace "service/$1/log/run" <<X
#!/bin/sh
exec svlogd "\$STACK_VAR/log/$1"
X
    printf 's%s\nn%s\n' "$LOG_BYTES" "$LOG_FILES" | replace "log/$1/config"
    chmod 700 "service/$1/run" "service/$1/log/run"
    [ -n "${2:-}" ] || return 0
    replace "service/$1/control/t" <<X
#!/bin/sh
exec kill -$2 "\$(cat supervise/pid)"
X
    chmod 700 "service/$1/control/t"
}

write_services()
{
    write_service postgres INT      # fast: clients are sent away, nothing is lost
    write_service nginx QUIT        # answers what it has begun
    for role in track feeds admin announce drain nightly; do
        write_service "$role"
    done
}

write_key()
{
    [ ! -s keys/token ] || return 0
    printf 'k1 %s\n' "$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')" >keys/token.new
    mv keys/token.new keys/token
}

configure()
{
    mkdir -p etc log state model keys covers spool service
    make_run_folder
    write_settings
    write_postgresql_conf
    write_nginx_conf
    write_services
    write_key
}
