# The parameters of sql/queries/insert_events.sql as expressions that make a batch of
# 20 on the server: as load.c makes it, ids in the order of time. For pgbench, which
# has no arrays; :reader and :post are its variables. A colon that is none of them
# must not stand before a letter or digit.
/^--/d
s/\$14::real\[\]/array_fill(1::real, ARRAY[20])/
s/\$13::text\[\]/array_fill('20260101T000000.000Z'::text, ARRAY[20])/
s/\$12::text\[\]/NULL::text[]/
s/\$11::text\[\]/array_fill('neighbours'::text, ARRAY[20])/
s/\$10::bigint\[\]/ARRAY(SELECT generate_series(1::bigint, 20))/
s/\$9::uuid\[\]/array_fill(gen_random_uuid(), ARRAY[20])/
s/\$8::text\[\]/array_fill('{"position": 7, "dwell_ms": 4321, "max_ratio": 0.83}'::text, ARRAY[20])/
s/\$[67]::timestamptz\[\]/array_fill(now(), ARRAY[20])/g
s/\$5::text\[\]/string_to_array(repeat('view,', 14) || 'click,click,click,like,like,share', ',')/
s/\$4::uuid\[\]/ARRAY(SELECT ('00000000-0000-4000-8000-' || lpad(((:post + i * 7919) % 5000)::text, 12, '0'))::uuid FROM generate_series(1, 20) AS i)/
s/\$3::uuid\[\]/ARRAY(SELECT encode(substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) || substring(uuid_send(gen_random_uuid()) FROM 7), 'hex')::uuid FROM generate_series(1, 20))/
s/\$2/now()/g
s/\$1/(SELECT ('00000000-0000-4000-8000-' || lpad((:reader)::text, 12, '0'))::uuid)/g
