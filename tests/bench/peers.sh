#!/bin/sh
# peers.sh [large]: the 100 most similar readers of a reader by kith, scikit-learn and
# scipy on the same data, in one run, one thread each; first it is checked that they
# find the same. Middle of all requests. large: the size of MovieLens 20M.
set -eu
# shellcheck source=tests/bench/lib.sh
. tests/bench/lib.sh

OUR_REQUESTS=500
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

# compare NAME REQUESTS BATCHES ARGUMENT...: of bench_neighbours.
compare()
{
    data=$1
    requests=$2
    batches=$3
    shift 3
    "$BUILT/bench/bench_neighbours" "$@" --neighbours 100 --requests 200 --no-time \
        --write "$folder/pairs" --dump "$folder/dump" >/dev/null
    "$BUILT/bench/bench_neighbours" "$@" --neighbours 100 --requests "$OUR_REQUESTS" \
        --passes 1 --json >"$folder/json"
    ours=$(jq -r 'select(.name | endswith("- neighbours p50")) | .value' "$folder/json")
    "$PYTHON" tests/bench/peers/neighbours.py "$folder/pairs" "$folder/dump" \
        "$requests" "$batches" >"$folder/peers"
    figure "peers.$data.kith" "$ours" us
    while read -r name us; do
        figure "peers.$data.$name" "$us" us "peers.$data.kith" "$ours"
    done <"$folder/peers"
    rm -f "$folder/pairs" "$folder/dump"
}

if [ "${1:-}" = large ]; then
    compare ml20m_binary 20 1 ml20m --mix binary
    compare ml20m_weighted 20 1 ml20m --mix 60/20/12/8
    exit
fi
compare gowalla_like_weighted 100 4 gowalla --mix 60/20/12/8
if [ -d "$DATA/gowalla" ]; then
    compare gowalla 100 4 --data "$DATA/gowalla" --mix binary
else
    echo "skipped: no $DATA/gowalla (DATA=path names the folder of data sets)"
fi
if [ -d "$DATA/movielens-100k" ]; then
    mkdir "$folder/ml100k"
    zcat "$DATA/movielens-100k/u.data.gz" | sort -k 1,1n -k 2,2n | awk '
        $1 != user { if (NR > 1) print line; user = $1; line = user - 1 }
        { line = line " " $2 - 1 }
        END { print line }' >"$folder/ml100k/train.txt"
    compare ml100k 200 8 --data "$folder/ml100k" --mix binary
else
    echo "skipped: no $DATA/movielens-100k (DATA=path names the folder of data sets)"
fi
