#!/bin/sh
# worker_parts.sh PROGRAM SECONDS PID...: where the CPU time of running workers goes, as
# "part share" a line. perf samples them with their stacks; a sample belongs to the part
# of the innermost function that has one: by the file of its source or its library, so
# what memcpy or the kernel do counts for whoever asked for it. Needs perf, debug
# information, and the right to watch these processes; without them it fails.
set -eu
program=$1 seconds=$2
shift 2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM

# The part of a function of ours: FILE is that of its definition.
nm -l --defined-only "$program" | awk -F'\t' '
    function part(file, name) {
        if (file ~ /\/(json_scan|json_part|event_body)\.c$/) return "parse"
        if (file ~ /\/(json_write|problem|reply)\.c$/) return "answer"
        if (file ~ /\/(event_wire|impression|token|seal|identity|rate_limit)\.c$/)
            return "check"
        if (file ~ /\/(events|db_param)\.c$/) return "encode"
        if (file ~ /\/(db|db_call|ingest)\.c$/) return name == "encode" ? "encode" : "libpq"
        if (file ~ /\/(fcgi|conn|record|serve|http)\.c$/) return "fcgi"
        if (file ~ /\/log\.c$/) return "log"
        if (file ~ /\/track\.c$/) return name ~ /^write|^settle/ ? "answer" : "check"
    }
    {
        split($1, word, " ")
        sub(/:[0-9]+$/, "", $2)
        name = word[3]
        sub(/\..*/, "", name)
        if (p = part($2, name)) print name, p
    }' >"$folder/parts"

pids=$(printf '%s,' "$@")
perf record -q -o "$folder/samples" -e cpu-clock -F 4000 --call-graph dwarf,8192 \
    -p "${pids%,}" -- sleep "$seconds" >/dev/null 2>&1
# A sample is a line of its time and one line a frame, innermost first.
perf script --no-inline -i "$folder/samples" -F time,ip,sym,dso 2>/dev/null |
awk '
    FNR == NR { part[$1] = $2; next }
    /^ *[0-9.]+: *$/ { all++; open = 1; next }
    !open || NF < 2 { next }
    {
        name = $2
        sub(/\+0x.*/, "", name)
        sub(/\..*/, "", name)
        got = $NF ~ /libpq/ ? "libpq" : $NF ~ /libfcgi/ ? "fcgi" : part[name]
        if (got) { count[got]++; open = 0 }
    }
    END {
        if (!all) exit 1
        for (p in count) { print p, count[p] / all; rest += count[p] }
        print "other", 1 - rest / all
    }' "$folder/parts" - | sort
