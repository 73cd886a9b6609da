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
    -- Every run updates most rows and no updated column is indexed: with free
    -- room on the page the new version stays there (heap-only update) and no
    -- index grows.
    fillfactor = 70
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
