-- A lock of this session, if nobody else holds it.
-- $1 bigint: number of the lock
SELECT pg_try_advisory_lock($1)
