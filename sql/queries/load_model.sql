-- One model with the last time it became live.
-- $1 text: version
SELECT m.version, m.run_id, m.algorithm, m.verdict, m.reason, m.data_hash,
       m.sha256, m.bytes, m.users, m.posts, m.pairs, m.built_at,
       m.trained_until, c.changed_at, c.change, c.reason
FROM models AS m
LEFT JOIN LATERAL (
    SELECT change, reason, changed_at FROM model_changes
    WHERE version = m.version ORDER BY id DESC LIMIT 1
) AS c ON true
WHERE m.version = $1
