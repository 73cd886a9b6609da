COPY import_interactions (id, user_id, post_id, interaction_type, created_at)
FROM STDIN (FORMAT binary)
