-- A model that was built (or found).
-- $1 text: version, $2 bigint: run or NULL, $3 text: algorithm, $4 text: verdict,
-- $5 text: reason, $6 text: data hash, $7 text: SHA-256, $8 bigint: bytes,
-- $9 bigint: users, $10 bigint: posts, $11 bigint: pairs,
-- $12 timestamptz: built at, $13 timestamptz: trained until, or NULL
INSERT INTO models (version, run_id, algorithm, verdict, reason, data_hash,
                    sha256, bytes, users, posts, pairs, built_at, trained_until)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT (version) DO UPDATE SET
    run_id = excluded.run_id,
    algorithm = excluded.algorithm,
    verdict = excluded.verdict,
    reason = excluded.reason,
    data_hash = excluded.data_hash,
    sha256 = excluded.sha256,
    bytes = excluded.bytes,
    users = excluded.users,
    posts = excluded.posts,
    pairs = excluded.pairs,
    built_at = excluded.built_at,
    trained_until = excluded.trained_until
