-- A year of events of the readers there are and 200,000 more, for track.sh: :stored of
-- them about :posts posts, ids in the order of time as clients make them. Indexes are
-- made afterwards: the same indexes, in minutes instead of an hour.
SET maintenance_work_mem = '1GB';
TRUNCATE user_interactions;
CREATE TEMP TABLE index_of AS
    SELECT indexdef FROM pg_indexes
    WHERE schemaname = 'public' AND tablename = 'user_interactions'
      AND indexname <> 'user_interactions_pkey';
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT indexname FROM pg_indexes
                WHERE schemaname = 'public' AND tablename = 'user_interactions'
                  AND indexname <> 'user_interactions_pkey' LOOP
        EXECUTE 'DROP INDEX public.' || name;
    END LOOP;
END $$;
INSERT INTO users (id) SELECT gen_random_uuid() FROM generate_series(1, 200000);
CREATE TEMP TABLE reader AS
    SELECT row_number() OVER () - 1 AS place, id FROM users;
ANALYZE reader;
SET session_replication_role = replica; -- the rows are right: no look at the keys
INSERT INTO user_interactions
    (id, user_id, post_id, interaction_type, created_at, received_at, client_at,
     metadata, request_id, position, source, model_version, propensity)
SELECT encode(substring(int8send((extract(epoch FROM at) * 1000)::bigint) FROM 3) ||
              substring(uuid_send(gen_random_uuid()) FROM 7), 'hex')::uuid,
       reader.id,
       ('00000000-0000-4000-8000-' || lpad((n * 7919 % :posts)::text, 12, '0'))::uuid,
       (ARRAY['view','view','view','view','view','view','view','click','like','share'])[1 + n % 10],
       at, at, at, '{"position": 7, "dwell_ms": 4321, "max_ratio": 0.83}',
       gen_random_uuid(), 1 + n % 20, 'neighbours', '20260101T000000.000Z', 1
FROM generate_series(1::bigint, :stored) AS n
CROSS JOIN LATERAL (SELECT now() - interval '365 days' * (1 - n::float8 / :stored)) AS t (at)
JOIN reader ON reader.place = hashint8(n) & 131071;
SET session_replication_role = origin;
DO $$
DECLARE definition text;
BEGIN
    FOR definition IN SELECT indexdef FROM index_of LOOP
        EXECUTE definition;
    END LOOP;
END $$;
VACUUM (ANALYZE) user_interactions;
CHECKPOINT;
