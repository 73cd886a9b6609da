-- The newest samples of rejected events.
-- $1 bigint: how many
SELECT received_at, code, event
FROM rejected_events
ORDER BY received_at DESC, id DESC
LIMIT $1
