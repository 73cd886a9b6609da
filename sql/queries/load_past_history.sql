-- Newest events of a reader as they stood: those stored up to a moment. In the
-- order of load_history; received_at is read from the table's rows.
-- $1 uuid: reader, $2 bigint: how many, $3 timestamptz: stored up to then
SELECT post_id, created_at, interaction_type
FROM user_interactions
WHERE user_id = $1 AND received_at < $3
ORDER BY created_at DESC, id DESC
LIMIT $2
