-- Every post, for training.
SELECT p.id, p.author_id, u.name, p.title, p.body, p.tags, p.language, p.image,
       p.url, p.published_at, p.updated_at,
       coalesce(p.hidden_at IS NULL AND p.deleted_at IS NULL
                AND p.published_at <= now(), false),
       c.views, c.clicks, c.likes, c.shares
FROM posts AS p
LEFT JOIN users AS u ON u.id = p.author_id
LEFT JOIN post_counts AS c ON c.post_id = p.id
ORDER BY p.id
