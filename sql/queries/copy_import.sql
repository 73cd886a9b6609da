-- Rows on their way to create_import's table.
COPY import_interactions (id, user_id, post_id, interaction_type, created_at)
FROM STDIN (FORMAT binary)
