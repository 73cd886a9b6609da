-- One migrator at a time; held until the end of the transaction.
-- $1 bigint: number of the lock
SELECT pg_advisory_xact_lock($1)::text
