-- Active precomputed posts of a reader that are still visible and not his own,
-- best first: a scan of user_recommendations_best and a look at each post.
-- $1 uuid: reader, $2 bigint: how many
SELECT p.id, p.author_id, u.name, p.title, p.body, p.tags, p.language, p.image,
       p.url, p.published_at, p.updated_at, true,
       c.views, c.clicks, c.likes, c.shares, r.score
FROM user_recommendations AS r
JOIN posts AS p ON p.id = r.post_id
LEFT JOIN users AS u ON u.id = p.author_id
LEFT JOIN post_counts AS c ON c.post_id = p.id
WHERE r.user_id = $1 AND r.expires_at > now()
  AND p.hidden_at IS NULL AND p.deleted_at IS NULL
  AND p.published_at <= now()
  AND p.author_id IS DISTINCT FROM $1
ORDER BY r.score DESC, r.post_id
LIMIT $2
