-- What has been applied, in order.
SELECT name, checksum, applied_at, took_ms
FROM schema_migrations
ORDER BY name COLLATE "C"
