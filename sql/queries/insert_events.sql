-- One batch of events of one reader, who gets a row in users if need be.
-- $1 uuid: reader; $2 timestamptz: received at; then one array item an event:
-- $3 uuid[]: id, $4 uuid[]: post, $5 text[]: type, $6 timestamptz[]: time,
-- $7 timestamptz[]: client's time, $8 text[]: metadata as JSON, and of the
-- attribution $9 uuid[]: request, $10 bigint[]: position, $11 text[]: source,
-- $12 text[]: arm, $13 text[]: model version, $14 real[]: propensity.
-- Gives for each event its place from 1, whether it was stored now, and whether
-- its post is known. The order of the arrays is the order of locking.
WITH given AS MATERIALIZED (
    SELECT u.*, EXISTS (SELECT FROM posts AS p WHERE p.id = u.post_id) AS known
    FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::timestamptz[],
                $7::timestamptz[], $8::text[], $9::uuid[], $10::bigint[],
                $11::text[], $12::text[], $13::text[], $14::real[])
         WITH ORDINALITY
         AS u (id, post_id, interaction_type, created_at, client_at, metadata,
               request_id, position, source, arm, model_version, propensity,
               place)
),
reader AS (
    INSERT INTO users (id)
    SELECT $1 WHERE EXISTS (SELECT FROM given WHERE known)
    ON CONFLICT DO NOTHING
),
stored AS (
    INSERT INTO user_interactions
        (id, user_id, post_id, interaction_type, created_at, received_at,
         client_at, metadata, request_id, position, source, arm, model_version,
         propensity)
    SELECT id, $1, post_id, interaction_type, created_at, $2, client_at,
           coalesce(metadata, '{}')::jsonb, request_id, position::smallint,
           source, arm, model_version, propensity
    FROM given
    WHERE known
    ORDER BY place
    ON CONFLICT DO NOTHING
    RETURNING id
)
SELECT given.place, stored.id IS NOT NULL, given.known
FROM given
LEFT JOIN stored ON stored.id = given.id
