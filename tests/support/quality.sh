#!/bin/sh
# Usage: tests/support/quality.sh KITH DATA_FOLDER
# The tables of `kith evaluate` on public data sets; those that are not there are
# left out. Their READMEs and the papers say what others reach.
set -eu

kith=$1
data=$2

# table FOLDER PROTOCOL OPTION...
table()
{
    folder=$1
    protocol=$2
    shift 2
    if [ ! -d "$data/$folder" ]; then
        echo "skipped: no $data/$folder"
        return
    fi
    echo
    echo "# kith evaluate --protocol $protocol --data $folder $*"
    "$kith" evaluate --protocol "$protocol" --data "$data/$folder" "$@"
}

table movielens-100k-loo ml100k-loo --k 10,20 \
    --algorithm all,user_knn:k=1000:shrink=968
table movielens-100k movielens-ua --k 10,20 --algorithm all,user_knn:k=80
table deskdrop temporal --k 10,20
# Many windows: only what is fitted in a moment.
quick=random,popular,recent_popular,user_knn,user_knn_idf,item_knn,rp3beta
table deskdrop temporal --k 10,20 --windows 30 --algorithm "$quick"
table stackexchange-quantum temporal --k 10,20 --windows 10 --algorithm "$quick"
table amazon-beauty-seq sequence-loo --k 5,10,20
table gowalla lightgcn --k 20 \
    --algorithm all,user_knn:k=146,user_knn:k=146:reverse=1
