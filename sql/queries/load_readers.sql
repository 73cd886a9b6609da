-- Which of these readers exist, with their names.
-- $1 uuid[]  reader ids
SELECT id, name
FROM users
WHERE id = ANY ($1);
