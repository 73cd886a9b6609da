-- A model becomes the live one.
-- $1 text: version, $2 text: how, $3 text: why, $4 timestamptz: when
INSERT INTO model_changes (version, change, reason, changed_at)
VALUES ($1, $2, $3, $4)
