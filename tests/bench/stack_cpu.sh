#!/bin/sh
# stack_cpu.sh VAR: CPU time of all processes of that stack since their start, by
# program, in us: "nginx 1234" a line.
set -eu
LOCAL=ops/local
VAR=$1
# shellcheck source=ops/local/lib.sh
. ops/local/lib.sh

for pid in $(stack_pids); do
    ns=$(cut -d' ' -f1 "/proc/$pid/schedstat" 2>/dev/null) || continue
    name=$(tr ' ' _ <"/proc/$pid/comm" 2>/dev/null) || continue
    echo "$name $ns"
done | awk '{ us[$1] += $2 / 1000 } END { for (name in us) print name, us[name] }'
