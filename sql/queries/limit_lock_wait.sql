-- For the rest of the transaction: a migration that waits for a lock makes all
-- later queries wait behind it, so it gives up instead.
-- $1 bigint: milliseconds
SELECT set_config('lock_timeout', ($1::bigint)::text, true)
