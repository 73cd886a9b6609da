-- The newest runs, all of them or those of one kind.
-- $1 text: kind, empty for all, $2 bigint: how many
SELECT id, kind, status, note, revision, model_version, data_hash, data_from,
       data_until, artefact_sha256, artefact_bytes, started_at, took_us, mlflow
FROM runs
WHERE $1 = '' OR kind = $1
ORDER BY id DESC
LIMIT $2
