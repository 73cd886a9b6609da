# shellcheck shell=sh disable=SC2034  # read by `start`
# Starts the services of the stack in VAR, and restarts those that would be started
# differently now; CHANGED names them. Part of `start`.

CHANGED=
STARTED=

# What a service was started with; when it differs from what it would be started
# with now, the service is restarted.
launch_of()
{
    case $1 in
    postgres) cat etc/postgresql.conf ;;
    track) echo "$RUN $TRACK_WORKERS" ;;
    feeds) echo "$RUN $FEEDS_WORKERS" ;;
    admin) echo "$RUN $ADMIN_WORKERS" ;;
    drain | announce) sha256sum app/bin/kith etc/kith.env ;;
    nightly) echo "$NIGHTLY_HOUR $NIGHTLY_SLACK" ;;
    esac
    cat app/ops/local/serve
}

# supervise: runsvdir, detached, with a clean environment and no open file of ours
# (a pipe kept open would let `make run | tee` wait for ever). Services wait for their
# turn ("down").
supervise()
{
    is_supervised && return 0
    end_stack
    for name in $SERVICES; do
        touch "service/$name/down"
    done
    start-stop-daemon --start --background --quiet \
        --pidfile "$VAR/state/supervisor.pid" --make-pidfile --startas /usr/bin/env -- \
        -i PATH="$TOOL_PATH" LANG=C.UTF-8 TZ=UTC STACK_VAR="$VAR" \
        runsvdir -P "$VAR/service" \
        'log: ...........................................................................'
    STARTED=1
    until_true 10 is_supervised || die "runsvdir does not start"
    for name in $SERVICES; do
        until_true 10 test -p "service/$name/supervise/ok" ||
            die "runsvdir does not start service $name"
    done
}

# Starts a service, or restarts it when it would be started differently now.
# Afterwards it is no longer "down": a new runsv would start it as well.
launch()
{
    launch_of "$1" | replace "state/$1.launch.new"
    if is_up "$1" && ! cmp -s "state/$1.launch.new" "state/$1.launch"; then
        sv -w 30 restart "$VAR/service/$1"
        CHANGED="$CHANGED $1"
    else
        # Not `sv up`: it looks again only every half a second.
        printf u >"service/$1/supervise/control"
        until_true 10 is_up "$1" || die "service $1 does not start, see $VAR/log/$1/current"
    fi
    mv "state/$1.launch.new" "state/$1.launch"
    rm -f "service/$1/down"
}

program_of()
{
    cat "app/bin/$1.fcgi" etc/kith.env app/ops/local/worker | sha256sum
}

has_workers()
{
    [ "$(children_of "$1" | while read -r child; do
        readlink "/proc/$child/exe" || true
    done | grep -c '\.fcgi')" -eq "$2" ]
}

# A worker that fails does so at once: then `worker` waits to start the next.
stays_up()
{
    workers=$(children_of "$1")
    sleep 0.15
    [ "$workers" = "$(children_of "$1")" ]
}

# One worker after the other: the socket stays open, each finishes its request.
replace_workers()
{
    watcher=$(service_pid "$1")
    for worker in $(children_of "$watcher"); do
        kill -TERM "$worker" 2>/dev/null || continue
        until_true 15 test ! -d "/proc/$worker" || kill -KILL "$worker" || true
        if ! until_true 5 has_workers "$watcher" "$2" || ! stays_up "$watcher"; then
            die "the new $1 does not stay up, see $VAR/log/$1/current; the workers not yet replaced go on"
        fi
    done
}

# launch_role ROLE PROCESSES
launch_role()
{
    before=$(service_pid "$1")
    launch "$1"
    program_of "$1" | replace "state/$1.program.new"
    if [ -n "$before" ] && [ "$before" = "$(service_pid "$1")" ] &&
        ! cmp -s "state/$1.program.new" "state/$1.program"; then
        replace_workers "$1" "$2"
        CHANGED="$CHANGED $1"
    fi
    mv "state/$1.program.new" "state/$1.program"
}

has_new_child()
{
    children_of "$1" | grep -vqxF -- "$2"
}

# With new settings; a tenth of a second after the new workers the old ones stop.
reload_nginx()
{
    master=$(service_pid nginx)
    old_workers=$(children_of "$master")
    sv hup "$VAR/service/nginx"
    until_true 5 has_new_child "$master" "$old_workers" ||
        die "nginx keeps its old settings, see $VAR/log/nginx/current"
    sleep 0.2
}
