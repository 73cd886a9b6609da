-- Samples of rejected events.
-- $1 timestamptz: received at; one array item a sample: $2 text[]: code,
-- $3 text[]: event.
INSERT INTO rejected_events (received_at, code, event)
SELECT $1::timestamptz, u.code, u.event
FROM unnest($2::text[], $3::text[]) AS u (code, event)
