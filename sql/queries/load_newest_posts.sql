-- Visible posts, newest first, behind a place: a scan of posts_newest.
-- $1 bigint: how many, $2 timestamptz and $3 uuid: the place
SELECT p.id, p.author_id, u.name, p.title, p.body, p.tags, p.language, p.image,
       p.url, p.published_at, p.updated_at,
       coalesce(p.hidden_at IS NULL AND p.deleted_at IS NULL
                AND p.published_at <= now(), false),
       c.views, c.clicks, c.likes, c.shares
FROM posts AS p
LEFT JOIN users AS u ON u.id = p.author_id
LEFT JOIN post_counts AS c ON c.post_id = p.id
WHERE p.hidden_at IS NULL AND p.deleted_at IS NULL
  AND p.published_at <= now()
  AND (p.published_at, p.id) < ($2, $3)
ORDER BY p.published_at DESC, p.id DESC
LIMIT $1
