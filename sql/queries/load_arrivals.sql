-- Visible posts published behind a moment, newest first: a scan of posts_newest.
-- $1 timestamptz: the moment, $2 bigint: how many
SELECT p.id, p.published_at
FROM posts AS p
WHERE p.hidden_at IS NULL AND p.deleted_at IS NULL
  AND p.published_at > $1 AND p.published_at <= now()
ORDER BY p.published_at DESC, p.id DESC
LIMIT $2;
