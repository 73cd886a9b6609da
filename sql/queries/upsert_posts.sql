-- Makes posts so; gives how many are new or different now. Authors without a
-- row get one. updated_at moves only when something else does.
-- $1 uuid[]: ids, $2 uuid[]: authors or NULL, $3 text[]: titles,
-- $4 text[]: bodies, $5 text[]: tags, joined by U+001F, $6 text[]: languages or
-- NULL, $7 text[]: images or NULL, $8 text[]: urls or NULL,
-- $9 timestamptz[]: published at, $10 boolean[]: visible
WITH given AS MATERIALIZED (
    SELECT g.id, g.author_id, g.title, g.body,
           string_to_array(g.tags, E'\x1f') AS tags, g.language, g.image, g.url,
           g.published_at::timestamptz(3) AS published_at,
           CASE WHEN NOT g.visible THEN now() END AS hidden_at
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[],
                $6::text[], $7::text[], $8::text[], $9::timestamptz[],
                $10::boolean[])
         AS g (id, author_id, title, body, tags, language, image, url,
               published_at, visible)
),
authors AS (
    INSERT INTO users (id)
    SELECT DISTINCT author_id FROM given
    WHERE author_id IS NOT NULL
    ORDER BY author_id
    ON CONFLICT DO NOTHING
),
written AS (
    INSERT INTO posts
        (id, author_id, title, body, tags, language, image, url, published_at,
         hidden_at)
    SELECT id, author_id, title, body, tags, language, image, url, published_at,
           hidden_at
    FROM given
    ORDER BY id
    ON CONFLICT (id) DO UPDATE SET
        author_id = excluded.author_id,
        title = excluded.title,
        body = excluded.body,
        tags = excluded.tags,
        language = excluded.language,
        image = excluded.image,
        url = excluded.url,
        published_at = excluded.published_at,
        updated_at = now(),
        hidden_at = CASE WHEN excluded.hidden_at IS NOT NULL
                         THEN coalesce(posts.hidden_at, excluded.hidden_at) END,
        deleted_at = CASE WHEN excluded.hidden_at IS NOT NULL
                          THEN posts.deleted_at END
    WHERE (posts.author_id, posts.title, posts.body, posts.tags, posts.language,
           posts.image, posts.url, posts.published_at,
           posts.hidden_at IS NULL,
           posts.deleted_at IS NULL OR excluded.hidden_at IS NOT NULL)
          IS DISTINCT FROM
          (excluded.author_id, excluded.title, excluded.body, excluded.tags,
           excluded.language, excluded.image, excluded.url,
           excluded.published_at, excluded.hidden_at IS NULL, true)
    RETURNING 1
)
SELECT count(*) FROM written
