-- What readers did. Append-only: a row is inserted once and never updated, so
-- pages are filled to the brim (fillfactor 100, the default).

CREATE TABLE user_interactions (
    -- The id the client gave the event: the idempotency key.
    id               uuid PRIMARY KEY,
    user_id          uuid NOT NULL,
    post_id          uuid NOT NULL,
    -- A word, not an enum: a new word needs no migration. Readers of the table
    -- skip words they do not know.
    interaction_type text NOT NULL
        CONSTRAINT interaction_type_is_a_word
        CHECK (interaction_type ~ '^[a-z][a-z_]{0,31}$'),
    -- When it happened, after correction of the client's clock.
    created_at       timestamptz NOT NULL,
    received_at      timestamptz NOT NULL DEFAULT now(),
    -- What the client's clock said; NULL for imports.
    client_at        timestamptz,
    metadata         jsonb NOT NULL DEFAULT '{}'
        CONSTRAINT metadata_is_an_object
        CHECK (jsonb_typeof(metadata) = 'object'),
    -- Attribution: the showing this event answers, taken from the signed
    -- impression token. request_id NULL: unattributed, left out of every rate.
    request_id       uuid,
    position         smallint,
    source           text,
    arm              text,
    model_version    text,
    propensity       real,
    CONSTRAINT attribution_needs_a_request
        CHECK (request_id IS NOT NULL OR num_nonnulls(position, source, arm,
                                            model_version, propensity) = 0)
);

-- Newest history of one reader, one index-only scan; read backwards it is the
-- order of training (a reader's events, oldest first).
CREATE INDEX user_interactions_history
    ON user_interactions (user_id, created_at DESC, id DESC)
    INCLUDE (post_id, interaction_type);

-- Readers of a post; also what the foreign key to posts looks up.
CREATE INDEX user_interactions_readers
    ON user_interactions (post_id, user_id);

-- Time ranges: rates by day, "since when", retention.
CREATE INDEX user_interactions_time
    ON user_interactions (created_at);

-- A view counts once for each showing, whatever ids the client invents.
CREATE UNIQUE INDEX user_interactions_one_view
    ON user_interactions (user_id, request_id, post_id)
    WHERE interaction_type = 'view' AND request_id IS NOT NULL;

-- Without updates and deletes the default would vacuum only after 20 % growth;
-- index-only scans need the visibility map of the newest pages much sooner, and
-- the planner needs fresh statistics of a table that grows at its end.
ALTER TABLE user_interactions SET (
    autovacuum_vacuum_insert_threshold = 10000,
    autovacuum_vacuum_insert_scale_factor = 0.01,
    autovacuum_analyze_scale_factor = 0.02
);

-- Foreign keys where the other side is a table of ours (not a host's view).
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_class
               WHERE oid = to_regclass(format('%I.users', current_schema()))
                 AND relkind IN ('r', 'p')) THEN
        -- Deleting a user is erasing a reader: the events go too.
        ALTER TABLE user_interactions ADD CONSTRAINT user_interactions_user_fkey
            FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE;
    END IF;
    IF EXISTS (SELECT FROM pg_class
               WHERE oid = to_regclass(format('%I.posts', current_schema()))
                 AND relkind IN ('r', 'p')) THEN
        -- Posts are marked as deleted, not deleted: history does not vanish
        -- by accident.
        ALTER TABLE user_interactions ADD CONSTRAINT user_interactions_post_fkey
            FOREIGN KEY (post_id) REFERENCES posts (id);
    END IF;
END
$$;
