# shellcheck shell=sh
# A private stack for a bench: its own folder, port, database and workers, as the
# browser tests have it, beside whatever else runs here. Needs lib.sh.
#
# Besides ours, nginx has two routes, the same as /api/feeds but for their workers, which
# answer with the bytes of one file: /api/constant with our own loop
# (tests/bench/constant.c), /api/stock with that of libfcgi alone, a connection a request
# (tests/bench/stock.c).

# shellcheck source=tests/bench/lib.sh
. tests/bench/lib.sh

STACK=

free_port()
{
    (
        LOCAL=ops/local
        # shellcheck source=ops/local/lib.sh
        . ops/local/lib.sh
        free_port_after "$((20000 + $$ % 20000))"
    )
}

# add_route NAME PARAMS KEEPALIVE: beside /api/feeds, with workers of its own.
add_route()
{
    sed -n '/^upstream feeds {/,/^}/p' nginx/upstreams.conf |
        sed "s/feeds/$1/; s/keepalive 64;/$3/" >>"$STACK/nginx/upstreams.conf"
    sed -n '/^location = \/api\/feeds {/,/^}/p' nginx/routes.conf |
        sed "s/\/api\/feeds/\/api\/$1/; s/pass feeds/pass $1/; s/fastcgi\.conf/$2/" \
            >>"$STACK/nginx/routes.conf"
}

add_routes()
{
    sed 's/^fastcgi_keep_conn .*/fastcgi_keep_conn off;/' nginx/fastcgi.conf \
        >"$STACK/nginx/stock.conf"
    add_route constant fastcgi.conf 'keepalive 64;'
    add_route stock stock.conf ''
}

# What looks like a checkout: copies of what differs, links to the rest.
make_checkout()
{
    mkdir "$STACK/ops"
    cp -R ops/local "$STACK/ops/"
    cp -R nginx "$STACK/"
    for name in * ops/*; do
        [ "$name" = var ] || [ -e "$STACK/$name" ] || ln -s "$PWD/$name" "$STACK/$name"
    done
    add_routes
}

# stack_start [NAME=VALUE...]: variables of `make run`. Sets STACK, URL and VAR.
stack_start()
{
    STACK=$(mktemp -d "${TMPDIR:-/tmp}/kith-bench-XXXXXX")
    trap stack_stop EXIT
    trap 'exit 130' INT TERM
    chmod 755 "$STACK"
    make_checkout
    port=$(free_port)
    URL=http://127.0.0.1:$port
    env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u VARIANT RATE_LIMIT=0 READY_S=60 \
        NIGHTLY_HOUR=$((($(date -u +%-H) + 12) % 24)) PORT="$port" "$@" \
        "$STACK/ops/local/up" >"$STACK/up.log" 2>&1 || {
        cat "$STACK/up.log" >&2
        die "the stack of the bench did not start"
    }
    VAR=$(cd "$STACK/var" && pwd -P)
    # Where the user of the stack can read them.
    mkdir -p "$VAR/bench"
    chmod 755 "$VAR/bench"
}

# Also what `with` has started: it carries the mark of the stack.
stack_stop()
{
    [ -n "$STACK" ] || return 0
    YES=1 "$STACK/ops/local/reset" >/dev/null || echo "left over: $STACK" >&2
    rm -rf "$STACK"
    STACK=
}

# A command as the user of the stack, with its settings.
with()
{
    "$STACK/ops/local/with" env STACK_VAR="$VAR" "$@"
}

sql()
{
    with psql -qAtX -v ON_ERROR_STOP=1 "$@"
}

# lend FILE: a copy for the user of the stack; prints its path.
lend()
{
    install -m 755 "$1" "$VAR/bench/"
    echo "$VAR/bench/${1##*/}"
}

workers_of()
{
    sed -n "s/^${1}_WORKERS=//p" "$VAR/etc/stack.env"
}

# constant_start constant|stock FILE: as many workers as feeds has, that answer with its
# bytes.
constant_start()
{
    install -m 644 "$2" "$VAR/bench/answer.json"
    program=$(lend "$BUILT/bench/$1")
    run=$(sed -n "s/^RUN='\(.*\)'\$/\1/p" "$VAR/etc/stack.env")
    with spawn-fcgi -n -s "$run/$1.sock" -M 0600 -b 511 -- \
        /usr/bin/multiwatch -f "$(workers_of FEEDS)" -s TERM -- \
        "$program" "$VAR/bench/answer.json" >"$STACK/$1.log" 2>&1 &
    begin=$(date +%s)
    until curl -fsS -m 2 -o "$STACK/answer" "$URL/api/$1" 2>/dev/null; do
        [ $(($(date +%s) - begin)) -lt 10 ] || {
            cat "$STACK/$1.log" >&2
            die "the worker that answers a constant does not start"
        }
        sleep 0.05
    done
    cmp -s "$2" "$STACK/answer" || die "the constant is not the answer it was made from"
}

# readers_with LEAST COUNT: ids of readers with that many events, in no special order.
readers_with()
{
    sql -c "SELECT user_id FROM user_interactions GROUP BY user_id
            HAVING count(*) >= $1 ORDER BY md5(user_id::text) LIMIT $2"
}

# tokens_of FILE: a token a line for the readers in FILE.
tokens_of()
{
    # shellcheck disable=SC2016  # expanded by the shell that runs it
    with sh -c 'while read -r id; do kith token --user "$id" || exit 1; done' <"$1"
}
