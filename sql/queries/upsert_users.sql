-- Makes users so; gives how many are new or different now.
-- $1 uuid[]: ids, $2 text[]: names or NULL, $3 timestamptz[]: since or NULL
WITH written AS (
    INSERT INTO users (id, name, created_at)
    SELECT g.id, g.name, coalesce(g.created_at, now())
    FROM unnest($1::uuid[], $2::text[], $3::timestamptz[])
         AS g (id, name, created_at)
    ORDER BY g.id
    ON CONFLICT (id) DO UPDATE SET name = excluded.name
    WHERE users.name IS DISTINCT FROM excluded.name
    RETURNING 1
)
SELECT count(*) FROM written
