-- $1 bigint: number of the lock
SELECT pg_advisory_unlock($1)
