-- What has been applied; the checksum is the SHA-256 of the text, in hex.
CREATE TABLE schema_migrations (
    name       text PRIMARY KEY,
    checksum   text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    took_ms    bigint NOT NULL
)
