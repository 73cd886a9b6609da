-- Readers who were erased: every worker asks what changed once a second, with
-- posts and readers in one question, and from then on the row that its model
-- still has of such a reader counts for nobody. Rows stay: going back to an
-- older model must not bring a reader back.

CREATE TABLE erased_users (
    user_id   uuid PRIMARY KEY,
    erased_at timestamptz(3) NOT NULL DEFAULT now()
);

-- "Who was erased since".
CREATE INDEX erased_users_time ON erased_users (erased_at, user_id);

-- HOSTED MODE: users belong to the application, which says so itself:
--     INSERT INTO kith.erased_users (user_id) VALUES (..)
--     ON CONFLICT (user_id) DO UPDATE SET erased_at = now();
-- and deletes the reader's rows of kith.user_interactions and
-- kith.user_recommendations.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_class
               WHERE oid = to_regclass(format('%I.users', current_schema()))
                 AND relkind IN ('r', 'p')) THEN
        -- The posts outlive their author, without his name: an edit.
        CREATE FUNCTION remember_erased_user() RETURNS trigger
        LANGUAGE plpgsql SET search_path FROM CURRENT AS $f$
        BEGIN
            INSERT INTO erased_users (user_id) VALUES (OLD.id)
            ON CONFLICT (user_id) DO UPDATE SET erased_at = now();
            UPDATE posts SET author_id = NULL, updated_at = now()
            WHERE author_id = OLD.id;
            RETURN OLD;
        END
        $f$;
        CREATE TRIGGER users_erased BEFORE DELETE ON users
            FOR EACH ROW EXECUTE FUNCTION remember_erased_user();
    END IF;
END
$$;
