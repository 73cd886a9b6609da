-- When some readers were erased, those of them that were.
-- $1 uuid[]: readers.
SELECT user_id, erased_at
FROM erased_users
WHERE user_id = ANY ($1::uuid[])
