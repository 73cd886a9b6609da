# shellcheck shell=sh disable=SC2034  # read by the scripts that include it
# What the scripts of the local stack share. Needs LOCAL, the folder of this file.
#
# VAR is the private folder of one stack, as a physical path: database, logs, models,
# keys, and app/, a copy of everything that runs, so that building or pulling does
# not disturb it. Each process of the stack has STACK_VAR=$VAR in its environment.

# shellcheck source=ops/local/env.sh
. "$LOCAL/env.sh"

readonly SERVICES='postgres track feeds admin nginx announce drain nightly'
readonly TOOL_PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
PATH=$PATH:/usr/sbin:/sbin

# Another PostgreSQL's settings (PGPORT, PGSERVICE ...) would lead us there.
for name in $(env | sed -n 's/^\(PG[A-Z]*\)=.*/\1/p'); do
    unset "$name"
done

die()
{
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# ---- one step of a longer work: its name, its time, its last words when it fails

STEP=
STEP_LOG=/dev/null
STEP_START_LINE=0
NOTE=

now_ms()
{
    date +%s%3N
}

# step NAME COMMAND...: a command may set NOTE to say more. It runs in this shell and
# not inside a condition, so that `set -e` holds in it; failed_step tells the rest.
step()
{
    STEP=$1
    shift
    NOTE=
    STEP_START_LINE=$(wc -l <"$STEP_LOG")
    step_begin=$(now_ms)
    printf '  %-9s ' "$STEP"
    "$@" >>"$STEP_LOG" 2>&1 </dev/null
    step_tenths=$((($(now_ms) - step_begin + 50) / 100))
    printf '............ %3d.%d s%s\n' \
        $((step_tenths / 10)) $((step_tenths % 10)) "${NOTE:+   $NOTE}"
    STEP=
}

# For `trap failed_step EXIT`.
failed_step()
{
    code=$?
    if [ "$code" -eq 130 ]; then
        echo >&2
    elif [ "$code" -ne 0 ] && [ -n "$STEP" ]; then
        printf 'failed\n\n' >&2
        tail -n "+$((STEP_START_LINE + 1))" "$STEP_LOG" | tail -n 20 >&2
        printf '\nAll of it: %s\n' "$STEP_LOG" >&2
    fi
    return "$code"
}

# ---- whose stack, and where

# The user that runs everything: ourselves; for root the owner of VAR, or for a new one
# the unprivileged postgres (initdb refuses root, and no part needs a right of root).
stack_user()
{
    if [ "$(id -u)" -ne 0 ]; then
        id -un
    elif [ -n "${VAR:-}" ] && [ -d "$VAR" ] && [ "$(stat -c %u "$VAR")" -ne 0 ]; then
        stat -c %U "$VAR"
    else
        echo postgres
    fi
}

stack_uid()
{
    id -u "$(stack_user)"
}

as_stack_user()
{
    if [ "$(id -u)" -eq 0 ]; then
        user=$(stack_user)
        setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups -- \
            env HOME=/ USER="$user" LOGNAME="$user" "$@"
    else
        "$@"
    fi
}

# A name for what lies outside the checkout, the same at each call.
stack_hash()
{
    printf '%s:%s' "$1" "$(id -u)" | sha256sum | cut -c1-12
}

# Fails unless the path is a real folder that belongs to the user of the stack.
is_own_folder()
{
    [ ! -L "$1" ] && [ -d "$1" ] && [ "$(stat -c %u "$1")" = "$(stack_uid)" ]
}

# Sets VAR when the checkout has one; else fails.
find_var()
{
    if [ -d "$1/var" ] && [ ! -x "$1/var" ]; then
        die "var belongs to $(stat -L -c %U "$1/var"): do this as that user, or as root"
    fi
    VAR=$(cd "$1/var" 2>/dev/null && pwd -P) && [ -d "$VAR/etc" ]
}

# ---- processes: never by name, only what carries the mark of this stack

# PostgreSQL and nginx write over their environment: they are known by their folder
# and program. The folder alone would also find somebody's shell.
stack_pids()
{
    {
        grep -lzxF -- "STACK_VAR=$VAR" /proc/[0-9]*/environ 2>/dev/null || true
        STACK_DIR=$VAR/ find /proc/[0-9]*/cwd -maxdepth 0 -printf '%h/exe\t%l/\n' 2>/dev/null |
        STACK_DIR=$VAR/ awk -F'\t' 'index($2, ENVIRON["STACK_DIR"]) == 1 { print $1 }' |
        while read -r exe; do
            case $(readlink "$exe") in
            */postgres | */nginx | */postgres' (deleted)' | */nginx' (deleted)')
                printf '%s\n' "$exe" ;;
            esac
        done
    } | cut -d/ -f3 | sort -nu
}

# Pids whose parent is $1.
children_of()
{
    grep -lE "^PPid:[[:space:]]$1\$" /proc/[0-9]*/status 2>/dev/null | cut -d/ -f3
}

service_pid()
{
    cat "$VAR/service/$1/supervise/pid" 2>/dev/null || true
}

is_up()
{
    pid=$(service_pid "$1")
    case $(readlink "/proc/${pid:-none}/cwd" 2>/dev/null)/ in
    "$VAR"/*) return 0 ;;
    *) return 1 ;;
    esac
}

# The supervisor lives: everything else follows from it.
is_supervised()
{
    pid=$(cat "$VAR/state/supervisor.pid" 2>/dev/null) && [ -n "$pid" ] &&
        grep -qzxF -- "STACK_VAR=$VAR" "/proc/$pid/environ" 2>/dev/null
}

no_processes()
{
    [ -z "$(stack_pids)" ]
}

# Asks every process of the stack to end; PostgreSQL fast, without waiting for clients.
signal_stack()
{
    for pid in $(stack_pids); do
        case $(readlink "/proc/$pid/exe") in
        */postgres*) kill -s "$2" "$pid" 2>/dev/null || true ;;
        *) kill -s "$1" "$pid" 2>/dev/null || true ;;
        esac
    done
}

# Ends the stack: in order when it is supervised, then whatever is left of it.
end_stack()
{
    if is_supervised; then
        # Open pages are told goodbye while nginx can still do it.
        sv -w 12 stop "$VAR/service/announce" >/dev/null || true
        sv -w 12 stop "$VAR/service/nginx" "$VAR/service/nightly" >/dev/null || true
        sv -w 12 stop "$VAR/service/track" "$VAR/service/feeds" "$VAR/service/admin" \
            "$VAR/service/drain" >/dev/null || true
        sv -w 60 stop "$VAR/service/postgres" >/dev/null || true
        kill -HUP "$(cat "$VAR/state/supervisor.pid")" 2>/dev/null || true
        until_true 5 no_processes || true
    fi
    if ! no_processes; then
        signal_stack TERM INT
        until_true 10 no_processes || {
            signal_stack KILL KILL
            until_true 5 no_processes
        }
    fi
    rm -f "$VAR/state/supervisor.pid" "$VAR/run/"*.sock
}

# until_true SECONDS COMMAND...: asks 20 times a second, at least once.
until_true()
{
    until_ms=$(($(now_ms) + $1 * 1000))
    shift
    until "$@"; do
        [ "$(now_ms)" -lt "$until_ms" ] || return 1
        sleep 0.05
    done
}

# ---- ports

# Who listens on TCP port $1 in a way that ours would collide: "name (pid N, in
# FOLDER)", "another user's program", or nothing.
port_holder()
{
    inodes=$(awk -v port="$(printf ':%04X' "$1")" -v listen="$LISTEN" '
        $4 == "0A" && substr($2, length($2) - 4) == port {
            address = substr($2, 1, length($2) - 5)
            if (listen != "127.0.0.1" || address ~ /^0+$/ || address == "0100007F" ||
                address == "00000000000000000000000001000000")
                print $10
        }' /proc/net/tcp /proc/net/tcp6 2>/dev/null || true)
    [ -n "$inodes" ] || return 0
    for inode in $inodes; do
        link=$(find /proc/[0-9]*/fd -lname "socket:\[$inode\]" 2>/dev/null | head -n 1)
        if [ -n "$link" ]; then
            pid=${link#/proc/}
            pid=${pid%%/*}
            printf '%s (pid %s, in %s)\n' "$(cat "/proc/$pid/comm")" "$pid" \
                "$(readlink "/proc/$pid/cwd")"
            return 0
        fi
    done
    printf "another user's program\n"
}

free_port_after()
{
    candidate=$(($1 + 1))
    while [ -n "$(port_holder "$candidate")" ]; do
        candidate=$((candidate + 1))
    done
    printf '%s\n' "$candidate"
}
