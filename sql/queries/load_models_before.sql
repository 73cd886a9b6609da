-- What was live before a version became live by training or by hand, latest
-- first: a rollback does not count, or two of them would end where they began.
-- $1 text: version, $2 bigint: how many
WITH earlier AS (
    SELECT version, max(id) AS id FROM model_changes
    WHERE version <> $1
      AND id < coalesce((SELECT max(id) FROM model_changes
                         WHERE version = $1 AND change <> 'rollback'),
                        9223372036854775807)
    GROUP BY version
)
SELECT m.version, m.run_id, m.algorithm, m.verdict, m.reason, m.data_hash,
       m.sha256, m.bytes, m.users, m.posts, m.pairs, m.built_at,
       m.trained_until, c.changed_at, c.change, c.reason
FROM earlier
JOIN models AS m USING (version)
JOIN model_changes AS c ON c.id = earlier.id
ORDER BY earlier.id DESC
LIMIT $2
