-- The readers with the most interactions, for the demo's switcher when the
-- data is imported. Reads the whole table: never on a live site.
-- $1 int8  how many
SELECT u.id, u.name, a.interactions
FROM (SELECT user_id, count(*) AS interactions
      FROM user_interactions
      GROUP BY user_id
      ORDER BY count(*) DESC, user_id
      LIMIT $1) AS a
JOIN users AS u ON u.id = a.user_id
ORDER BY a.interactions DESC, u.id;
