-- The batch of pgbench.sed: one row of parameters. Stands behind WITH.
batch AS MATERIALIZED (
    SELECT ('00000000-0000-4000-8000-' || lpad((:reader)::text, 12, '0'))::uuid AS reader,
           ARRAY(SELECT encode(substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
                               || substring(uuid_send(gen_random_uuid()) FROM 7), 'hex')::uuid
                 FROM generate_series(1, 20)) AS ids,
           ARRAY(SELECT ('00000000-0000-4000-8000-' || lpad(((:post + i * 7919) % 5000)::text, 12, '0'))::uuid
                 FROM generate_series(1, 20) AS i) AS posts,
           string_to_array(repeat('view,', 14) || 'click,click,click,like,like,share', ',') AS types,
           array_fill(now(), ARRAY[20]) AS at,
           array_fill('{"position": 7, "dwell_ms": 4321, "max_ratio": 0.83}'::text, ARRAY[20]) AS metadata,
           array_fill(gen_random_uuid(), ARRAY[20]) AS requests,
           ARRAY(SELECT generate_series(1::bigint, 20)) AS positions,
           array_fill('neighbours'::text, ARRAY[20]) AS sources,
           NULL::text[] AS arms,
           array_fill('20260101T000000.000Z'::text, ARRAY[20]) AS models,
           array_fill(1::real, ARRAY[20]) AS propensities
)
