-- The rows of these readers become exactly these. Readers without any event
-- (erased meanwhile) and posts that are gone are left out.
-- $1 uuid[]: readers, $2 uuid[]: posts, $3 real[]: scores,
-- $4 timestamptz: generated at, $5 timestamptz: expires at
WITH readers AS MATERIALIZED (
    SELECT g.user_id,
           EXISTS (SELECT FROM user_interactions AS i
                   WHERE i.user_id = g.user_id) AS known
    FROM (SELECT DISTINCT unnest($1::uuid[])) AS g (user_id)
),
given AS MATERIALIZED (
    SELECT g.user_id, g.post_id, g.score
    FROM unnest($1::uuid[], $2::uuid[], $3::real[])
         AS g (user_id, post_id, score)
    JOIN readers ON readers.user_id = g.user_id AND readers.known
    WHERE EXISTS (SELECT FROM posts AS p WHERE p.id = g.post_id)
),
gone AS (
    DELETE FROM user_recommendations AS r
    USING readers
    WHERE r.user_id = readers.user_id
      AND NOT EXISTS (SELECT FROM given
                      WHERE given.user_id = r.user_id
                        AND given.post_id = r.post_id)
)
INSERT INTO user_recommendations
    (user_id, post_id, score, generated_at, expires_at)
SELECT user_id, post_id, score, $4, $5
FROM given
ORDER BY user_id, post_id
ON CONFLICT (user_id, post_id) DO UPDATE SET
    score = excluded.score,
    generated_at = excluded.generated_at,
    expires_at = excluded.expires_at
