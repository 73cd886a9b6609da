#!/bin/sh
# neighbours.sh [large]: one whole request of the recommender, by bench_neighbours, on
# generated data of Gowalla's size and on Gowalla itself where it is; large: of the size
# of MovieLens 20M, and a million readers where there is memory for it.
set -eu
# shellcheck source=tests/bench/lib.sh
. tests/bench/lib.sh

MILLION_MB=12000

# record NAME ARGUMENT...: "gowalla binary avx512 - posts p50" becomes
# neighbours.NAME.binary.posts.p50.
record()
{
    data=$1
    shift
    "$BUILT/bench/bench_neighbours" "$@" --json |
    jq -r --arg data "$data" '
        [ (.name | split(" ")
           | .[1] = {"binary": "binary", "60/20/12/8": "weighted"}[.[1]] // .[1]
           | .[0] = $data
           | map(select(. != "-" and . != "plain" and . != "avx2" and . != "avx512"))
           | .[0] + "." + .[1] + "." + (.[2:] | join("_"))
           | sub("model_file_a_pair,_without_posts"; "bytes_a_pair")
           | sub("_(?<cut>mean|p[0-9]+)$"; ".\(.cut)")),
          .value, .unit ] | @tsv' |
    while read -r name value unit; do
        figure "neighbours.$name" "$value" "$unit"
    done
}

if [ "${1:-}" = large ]; then
    record ml20m ml20m --lists 12800
    free_mb=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)
    if [ "$free_mb" -ge "$MILLION_MB" ]; then
        record 1m 1m
        record 1m_newest_500 1m --newest 500 --mix binary
    else
        echo "skipped: a million readers need $MILLION_MB MB, $free_mb MB are free"
    fi
    exit
fi
record gowalla_like gowalla
if [ -d "$DATA/gowalla" ]; then
    record gowalla gowalla --data "$DATA/gowalla" --mix binary
else
    echo "skipped: no $DATA/gowalla (DATA=path names the folder of data sets)"
fi
