-- A run with its parameters and metrics; gives its number.
-- $1 text: kind, $2 text: status, $3 text: note, $4 text: revision,
-- $5 text: model version or NULL, $6 text: data hash or NULL,
-- $7 timestamptz: oldest event or NULL, $8 timestamptz: newest event or NULL,
-- $9 text: SHA-256 of the artefact or NULL, $10 bigint: its bytes or NULL,
-- $11 timestamptz: started at, $12 bigint: took, in microseconds,
-- $13 text[]: names of parameters, $14 text[]: their values,
-- $15 text[]: names of metrics, $16 text[]: their numbers
WITH run AS (
    INSERT INTO runs (kind, status, note, revision, model_version, data_hash,
                      data_from, data_until, artefact_sha256, artefact_bytes,
                      started_at, took_us)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    RETURNING id
),
params AS (
    INSERT INTO run_params (run_id, name, value)
    SELECT run.id, p.name, p.value
    FROM run, unnest($13::text[], $14::text[]) AS p (name, value)
),
metrics AS (
    INSERT INTO run_metrics (run_id, name, value)
    SELECT run.id, m.name, m.number::double precision
    FROM run, unnest($15::text[], $16::text[]) AS m (name, number)
)
SELECT id FROM run
