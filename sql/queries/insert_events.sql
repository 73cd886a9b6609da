-- One batch of events of one reader, who gets a row in users if need be.
-- $1 uuid: reader; $2 timestamptz: received at; then one array item an event:
-- $3 uuid[]: id, $4 uuid[]: post, $5 text[]: type, $6 timestamptz[]: time,
-- $7 timestamptz[]: client's time, $8 text[]: metadata as JSON, and of the
-- attribution $9 uuid[]: request, $10 bigint[]: position, $11 text[]: source,
-- $12 text[]: arm, $13 text[]: model version, $14 real[]: propensity.
-- Gives the events that were not stored now: place from 1, and whether the post is
-- known (then it is a duplicate). The order of the arrays is the order of locking:
-- rows are made one by one, without a join. Items are taken by number, because
-- unnest of twelve arrays would first fill twelve tuple stores. Their count stands in
-- a SELECT, so that a plan for these arrays looks no cheaper than one for any: with
-- the bare count PostgreSQL planned every batch anew, a seventh of its time.
WITH
-- own: in hosted mode users belongs to the application
reader AS (
    INSERT INTO users (id)
    SELECT $1 WHERE EXISTS (SELECT FROM posts WHERE id = ANY ($4::uuid[]))
    ON CONFLICT DO NOTHING
),
-- end own
stored AS (
    INSERT INTO user_interactions
        (id, user_id, post_id, interaction_type, created_at, received_at,
         client_at, metadata, request_id, position, source, arm, model_version,
         propensity)
    SELECT ($3::uuid[])[i], $1, ($4::uuid[])[i], ($5::text[])[i],
           ($6::timestamptz[])[i], $2, ($7::timestamptz[])[i],
           coalesce(($8::text[])[i], '{}')::jsonb, ($9::uuid[])[i],
           ($10::bigint[])[i]::smallint, ($11::text[])[i], ($12::text[])[i],
           ($13::text[])[i], ($14::real[])[i]
    FROM generate_series(1, (SELECT cardinality($3::uuid[]))) AS i
    -- OFFSET 0: a look at the index for each event; no plan may read all posts.
    WHERE EXISTS (SELECT FROM posts WHERE id = ($4::uuid[])[i] OFFSET 0)
    ON CONFLICT DO NOTHING
    RETURNING id
)
SELECT e.place, EXISTS (SELECT FROM posts AS p WHERE p.id = e.post_id OFFSET 0)
FROM unnest($3::uuid[], $4::uuid[]) WITH ORDINALITY AS e (id, post_id, place)
WHERE NOT EXISTS (SELECT FROM stored WHERE stored.id = e.id)
