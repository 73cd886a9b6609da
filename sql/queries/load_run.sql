-- One run.
-- $1 bigint: its number
SELECT id, kind, status, note, revision, model_version, data_hash, data_from,
       data_until, artefact_sha256, artefact_bytes, started_at, took_us, mlflow
FROM runs
WHERE id = $1
