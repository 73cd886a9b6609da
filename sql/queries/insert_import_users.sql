-- Readers of imported rows (not in hosted mode).
INSERT INTO users (id)
SELECT DISTINCT i.user_id
FROM import_interactions AS i
WHERE EXISTS (SELECT FROM posts AS p WHERE p.id = i.post_id)
ORDER BY i.user_id
ON CONFLICT DO NOTHING
