-- Active and expired precomputed rows.
SELECT count(*) FILTER (WHERE expires_at > now()),
       count(*) FILTER (WHERE expires_at <= now())
FROM user_recommendations
