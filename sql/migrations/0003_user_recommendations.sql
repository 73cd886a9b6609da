-- Recommendations computed ahead, for readers whom the live model cannot
-- answer. A run replaces all rows of the readers it computed.

CREATE TABLE user_recommendations (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id      uuid NOT NULL,
    post_id      uuid NOT NULL,
    score        real NOT NULL CONSTRAINT score_is_a_number CHECK (score <> 'NaN'),
    generated_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    CONSTRAINT user_recommendations_pair UNIQUE (user_id, post_id),
    CONSTRAINT expires_after_it_was_made CHECK (expires_at > generated_at)
);

-- Active rows of one reader, best first: the index gives the order and, by the
-- included column, judges expiry without touching the table. A partial index
-- on expires_at > now() is not possible: now() is not immutable.
CREATE INDEX user_recommendations_best
    ON user_recommendations (user_id, score DESC, post_id)
    INCLUDE (expires_at, generated_at);

-- Clean-up of what has expired.
CREATE INDEX user_recommendations_expiry ON user_recommendations (expires_at);

-- Rows whose post goes away (foreign key).
CREATE INDEX user_recommendations_post ON user_recommendations (post_id);

-- Each run rewrites most rows, and every new version has a new expires_at, an
-- indexed column: no heap-only update is possible, so a lower fillfactor would
-- only waste space. Vacuum early instead, so that the next run finds the room.
ALTER TABLE user_recommendations SET (
    autovacuum_vacuum_scale_factor = 0.05,
    autovacuum_analyze_scale_factor = 0.1
);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_class
               WHERE oid = to_regclass(format('%I.users', current_schema()))
                 AND relkind IN ('r', 'p')) THEN
        ALTER TABLE user_recommendations
            ADD CONSTRAINT user_recommendations_user_fkey
            FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE;
    END IF;
    IF EXISTS (SELECT FROM pg_class
               WHERE oid = to_regclass(format('%I.posts', current_schema()))
                 AND relkind IN ('r', 'p')) THEN
        ALTER TABLE user_recommendations
            ADD CONSTRAINT user_recommendations_post_fkey
            FOREIGN KEY (post_id) REFERENCES posts (id) ON DELETE CASCADE;
    END IF;
END
$$;
