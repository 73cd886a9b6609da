-- What changed behind a place, oldest change first: posts that were edited, hidden or
-- deleted, posts whose time of publication has come, readers who were erased. Scans of
-- posts_changed, posts_newest and erased_users_time, merged. A stamp of the future waits
-- for its time: the place must never be ahead of a change that is still to come. But
-- stamps are rounded to milliseconds: one of this moment may lie half of one ahead.
-- $1 timestamptz and $2 uuid: the place, $3 bigint: how many
SELECT id, author_id, name, title, body, tags, language, image, url,
       published_at, stamp, visible, views, clicks, likes, shares, erased
FROM (
    (SELECT p.id, p.author_id, u.name, p.title, p.body, p.tags, p.language,
            p.image, p.url, p.published_at, p.updated_at AS stamp,
            coalesce(p.hidden_at IS NULL AND p.deleted_at IS NULL
                     AND p.published_at <= now() + interval '1 ms', false) AS visible,
            c.views, c.clicks, c.likes, c.shares, false AS erased
     FROM posts AS p
     LEFT JOIN users AS u ON u.id = p.author_id
     LEFT JOIN post_counts AS c ON c.post_id = p.id
     WHERE (p.updated_at, p.id) > ($1, $2) AND p.updated_at <= now() + interval '1 ms'
     ORDER BY p.updated_at, p.id
     LIMIT $3)
    UNION ALL
    (SELECT p.id, p.author_id, u.name, p.title, p.body, p.tags, p.language,
            p.image, p.url, p.published_at, p.published_at,
            true, c.views, c.clicks, c.likes, c.shares, false
     FROM posts AS p
     LEFT JOIN users AS u ON u.id = p.author_id
     LEFT JOIN post_counts AS c ON c.post_id = p.id
     WHERE (p.published_at, p.id) > ($1, $2) AND p.published_at <= now() + interval '1 ms'
       AND p.published_at > p.updated_at
       AND p.hidden_at IS NULL AND p.deleted_at IS NULL
     ORDER BY p.published_at, p.id
     LIMIT $3)
    UNION ALL
    (SELECT e.user_id, NULL::uuid, NULL::text, NULL::text, NULL::text,
            NULL::text[], NULL::text, NULL::text, NULL::text,
            NULL::timestamptz, e.erased_at, false,
            NULL::bigint, NULL::bigint, NULL::bigint, NULL::bigint, true
     FROM erased_users AS e
     WHERE (e.erased_at, e.user_id) > ($1, $2) AND e.erased_at <= now() + interval '1 ms'
     ORDER BY e.erased_at, e.user_id
     LIMIT $3)
) AS changes
ORDER BY stamp, id
LIMIT $3
