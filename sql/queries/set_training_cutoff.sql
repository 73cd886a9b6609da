-- COPY takes no parameters: the cutoff goes through a setting of the
-- transaction.
-- $1 bigint: ms since 1970
SELECT set_config('kith.cutoff_ms', ($1::bigint)::text, true)
