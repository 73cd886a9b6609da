#!/bin/sh
# Usage: tests/support/quality.sh KITH DATA_FOLDER
# Accuracy and costs of every algorithm on public data sets, the tables of the
# README; without --brief `kith evaluate` tells more of each. Those that are not
# there are left out. Their READMEs and the papers say what others reach.
set -eu

kith=$1
data=$2

# has FOLDER
has()
{
    [ -d "$data/$1" ] || { echo "skipped: no $data/$1"; return 1; }
}

# table FOLDER PROTOCOL OPTION...
table()
{
    folder=$1
    protocol=$2
    shift 2
    has "$folder" || return 0
    printf '\n$ kith evaluate --brief --protocol %s --data %s %s\n' \
        "$protocol" "$folder" "$*"
    "$kith" evaluate --brief --protocol "$protocol" --data "$data/$folder" "$@"
}

# estimate LOG TARGET: what the target would have earned, from the log of another
estimate()
{
    has open-bandit || return 0
    printf '\n$ kith evaluate --protocol off-policy --data %s --target %s\n' "$1" "$2"
    "$kith" evaluate --protocol off-policy --data "$data/open-bandit/$1" \
        --target "$data/open-bandit/$2"
}

all=all,item_knn:by_target=0
# Many windows: only what is fitted in a moment.
quick=random,popular,recent_popular,user_knn,user_knn_idf,item_knn,rp3beta
# What contents bring: the hybrid without them, and contents alone.
parts=content,hybrid:content=0:few_content=0,hybrid
published=user_knn:k=146,user_knn:k=146:reverse=1

# The quick ones first; the last takes minutes to fit.
table movielens-100k-loo ml100k-loo --k 10 \
    --algorithm "$all,user_knn:k=1000:shrink=968"
table movielens-100k movielens-ua --k 10 --algorithm "$all,user_knn:k=80"
estimate random_men.csv.gz bts_men.csv.gz
estimate random_women.csv.gz bts_women.csv.gz
table stackexchange-quantum temporal --k 20 --windows 30 --algorithm "$quick,$parts"
table amazon-beauty-seq sequence-loo --k 10 --algorithm "$quick,spectral,hybrid"
table deskdrop temporal --k 20 --algorithm "$all"
table deskdrop temporal --k 20 --windows 30 --algorithm "$quick,hybrid"
table gowalla lightgcn --k 20 --algorithm "$all,$published"
