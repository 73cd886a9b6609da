-- Imported rows of known posts, in the order readers are read later. Gives how
-- many are new, how many were known already, how many name no post.
WITH known AS MATERIALIZED (
    SELECT i.id, i.user_id, i.post_id, i.interaction_type, i.created_at
    FROM import_interactions AS i
    WHERE EXISTS (SELECT FROM posts AS p WHERE p.id = i.post_id)
),
stored AS (
    INSERT INTO user_interactions
        (id, user_id, post_id, interaction_type, created_at)
    SELECT id, user_id, post_id, interaction_type, created_at
    FROM known
    ORDER BY user_id, created_at, id
    ON CONFLICT DO NOTHING
    RETURNING 1
),
counts AS (
    SELECT (SELECT count(*) FROM stored) AS stored,
           (SELECT count(*) FROM known) AS known,
           (SELECT count(*) FROM import_interactions) AS given
)
SELECT stored, known - stored, given - known FROM counts
