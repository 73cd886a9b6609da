# shellcheck shell=sh
# What the benches of GET /api/feeds share: readers, and a stack with the model of a
# known size.

# shellcheck source=tests/bench/stack.sh
. tests/bench/stack.sh

READERS=400
LEAST_EVENTS=5
TAKEN_ROW=100

# take_readers: some readers and their tokens, in $STACK/readers and $STACK/tokens.
take_readers()
{
    readers_with "$LEAST_EVENTS" "$READERS" >"$STACK/readers"
    tokens_of "$STACK/readers" >"$STACK/tokens"
}

ask()
{
    curl -fsS -m 5 -H "Cookie: kith=$1" "$URL/api/feeds?limit=20"
}

# What is measured must be the recommender: says how many of 50 readers got it.
check_answers()
{
    head -n 50 "$STACK/tokens" | while read -r token; do
        ask "$token" | jq -r .source
    done | sort | uniq -c | awk -v data="$1" '
        { all += $1; if ($2 == "ml_recommendations") own += $1 }
        END { printf "%s: %d of %d sampled answers are ml_recommendations\n", data, own, all
              exit own < all / 2 }' || die "most answers are fallbacks"
}

# MB of a feeds worker that it shares with nobody: the largest of all.
private_memory()
{
    for exe in /proc/[0-9]*/exe; do
        [ "$(readlink "$exe")" = "$VAR/app/bin/feeds.fcgi" ] || continue
        awk '/^(Private_Dirty|Private_Clean):/ { kb += $2 } END { print kb / 1024 }' \
            "${exe%exe}smaps_rollup"
    done | sort -g | tail -n 1
}

# place gowalla|ml20m: catalogue, some readers and model of sized_model in place of the
# demo's.
place()
{
    files=$VAR/bench/sized
    mkdir "$files"
    "$BUILT/bench/sized_model" "$1" "$files" "$READERS"
    chmod 755 "$files"
    chmod 644 "$files"/*
    sql >/dev/null <<SQL
SET client_min_messages = warning;
TRUNCATE users, posts CASCADE;
\copy users (id) FROM '$files/users'
\copy posts (id, title, body, published_at, updated_at) FROM '$files/posts'
\copy user_interactions (id, user_id, post_id, interaction_type, created_at) FROM '$files/history'
SQL
    sql -c 'VACUUM (ANALYZE) users, posts, user_interactions'
    with cp "$files/model" "$VAR/model/sized"
    with mv "$VAR/model/sized" "$VAR/model/current.kith"
    rm "$files/model"
    begin=$(date +%s)
    first=$(head -n 1 "$files/users")
    token=$(with kith token --user "$first")
    # Each worker takes the model by itself: as many good answers in a row as show all.
    row=0
    while [ "$row" -lt "$TAKEN_ROW" ]; do
        row=$((row + 1))
        [ "$(ask "$token" | jq -r .source)" = ml_recommendations ] && continue
        row=0
        [ $(($(date +%s) - begin)) -lt 30 ] || die "the workers do not take the model"
        sleep 0.1
    done
}
