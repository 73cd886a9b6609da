-- Marks posts as deleted; gives how many were not before.
-- $1 uuid[]: ids
WITH found AS (
    SELECT id FROM posts
    WHERE id = ANY ($1) AND deleted_at IS NULL
    ORDER BY id
    FOR NO KEY UPDATE
),
written AS (
    UPDATE posts SET deleted_at = now(), updated_at = now()
    FROM found
    WHERE posts.id = found.id
    RETURNING 1
)
SELECT count(*) FROM written
