-- Rows of each table, and the newest interaction.
SELECT (SELECT count(*) FROM users),
       (SELECT count(*) FROM posts),
       (SELECT count(*) FROM posts
        WHERE hidden_at IS NULL AND deleted_at IS NULL
          AND published_at <= now()),
       (SELECT count(*) FROM user_interactions),
       (SELECT count(*) FROM user_recommendations),
       (SELECT max(created_at) FROM user_interactions)
