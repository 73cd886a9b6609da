-- Posts that changed behind a place, oldest change first: a scan of
-- posts_changed.
-- $1 timestamptz and $2 uuid: the place, $3 bigint: how many
SELECT p.id, p.author_id, u.name, p.title, p.body, p.tags, p.language, p.image,
       p.url, p.published_at, p.updated_at,
       coalesce(p.hidden_at IS NULL AND p.deleted_at IS NULL
                AND p.published_at <= now(), false),
       c.views, c.clicks, c.likes, c.shares
FROM posts AS p
LEFT JOIN users AS u ON u.id = p.author_id
LEFT JOIN post_counts AS c ON c.post_id = p.id
WHERE (p.updated_at, p.id) > ($1, $2)
ORDER BY p.updated_at, p.id
LIMIT $3
