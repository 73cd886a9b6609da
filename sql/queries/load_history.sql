-- Newest events of a reader: an index-only scan of user_interactions_history.
-- $1 uuid: reader, $2 bigint: how many
SELECT post_id, created_at, interaction_type
FROM user_interactions
WHERE user_id = $1
ORDER BY created_at DESC, id DESC
LIMIT $2
