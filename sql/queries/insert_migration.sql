-- $1 text: name, $2 text: checksum, $3 bigint: duration in ms
INSERT INTO schema_migrations (name, checksum, took_ms)
VALUES ($1, $2, $3)
