-- Active precomputed posts of a reader, best first: a scan of
-- user_recommendations_best.
-- $1 uuid: reader, $2 bigint: how many
SELECT post_id, score, generated_at
FROM user_recommendations
WHERE user_id = $1 AND expires_at > now()
ORDER BY score DESC, post_id
LIMIT $2
