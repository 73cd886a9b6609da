-- Samples of events that POST /api/track did not take, for the operator: what a
-- broken client sends. Few (each worker keeps some a minute of each code) and
-- deleted after seven days by `kith nightly`. No reader, no token: nothing of
-- them needs erasing.

CREATE TABLE rejected_events (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_at timestamptz NOT NULL,
    -- A code of the API: unknown_type, too_old, ...
    code        text NOT NULL CHECK (code ~ '^[a-z][a-z_]{0,31}$'),
    -- The event, without what names or proves a reader.
    event       text NOT NULL CHECK (octet_length(event) <= 1024)
);

-- The newest ones; what is too old.
CREATE INDEX rejected_events_time ON rejected_events (received_at);
