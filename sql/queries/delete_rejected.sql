-- Samples older than $1 bigint: seconds; at most $2 bigint of them.
WITH gone AS (
    DELETE FROM rejected_events
    WHERE id IN (SELECT id FROM rejected_events
                 WHERE received_at < now() - $1::bigint * interval '1 second'
                 ORDER BY received_at
                 LIMIT $2::bigint
                 FOR UPDATE SKIP LOCKED)
    RETURNING 1
)
SELECT count(*) FROM gone
