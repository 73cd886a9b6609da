-- $1 uuid[]: posts, $2 .. $5 bigint[]: views, clicks, likes, shares,
-- $6 timestamptz: counted at
INSERT INTO post_counts (post_id, views, clicks, likes, shares, counted_at)
SELECT g.post_id, g.views, g.clicks, g.likes, g.shares, $6
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
     AS g (post_id, views, clicks, likes, shares)
WHERE EXISTS (SELECT FROM posts AS p WHERE p.id = g.post_id)
ORDER BY g.post_id
ON CONFLICT (post_id) DO UPDATE SET
    views = excluded.views,
    clicks = excluded.clicks,
    likes = excluded.likes,
    shares = excluded.shares,
    counted_at = excluded.counted_at
