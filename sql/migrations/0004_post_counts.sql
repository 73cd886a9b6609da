-- How often each post was viewed, clicked, liked and shared: written by
-- training, read by the fallbacks and shown with the post. Not a live counter;
-- counted_at says how old it is.

CREATE TABLE post_counts (
    post_id    uuid PRIMARY KEY,
    views      bigint NOT NULL DEFAULT 0 CHECK (views >= 0),
    clicks     bigint NOT NULL DEFAULT 0 CHECK (clicks >= 0),
    likes      bigint NOT NULL DEFAULT 0 CHECK (likes >= 0),
    shares     bigint NOT NULL DEFAULT 0 CHECK (shares >= 0),
    counted_at timestamptz NOT NULL
) WITH (
    -- Every run updates every row and no updated column is indexed: with half
    -- of each page free the new versions stay on it (heap-only updates), no
    -- index grows, and the next run finds the room of the old versions.
    fillfactor = 45
);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_class
               WHERE oid = to_regclass(format('%I.posts', current_schema()))
                 AND relkind IN ('r', 'p')) THEN
        ALTER TABLE post_counts ADD CONSTRAINT post_counts_post_fkey
            FOREIGN KEY (post_id) REFERENCES posts (id) ON DELETE CASCADE;
    END IF;
END
$$;
