-- $1 bigint: how many at most
WITH gone AS (
    DELETE FROM user_recommendations
    WHERE id IN (SELECT id FROM user_recommendations
                 WHERE expires_at <= now()
                 ORDER BY expires_at
                 LIMIT $1
                 FOR UPDATE SKIP LOCKED)
    RETURNING 1
)
SELECT count(*) FROM gone
