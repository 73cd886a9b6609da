-- Readers and posts.
--
-- Names are unqualified: everything lives in the first schema of the
-- connection's search_path.
--
-- HOSTED MODE: kith inside the database of an application that has users and
-- posts of its own. Give kith a schema and a role, and show it the
-- application's tables through two views; then run `kith migrate`:
--
--     CREATE ROLE kith LOGIN;            -- password as your site does it
--     CREATE SCHEMA kith AUTHORIZATION kith;
--     ALTER ROLE kith SET search_path = kith;
--     CREATE VIEW kith.users AS
--         SELECT m.id, m.display_name AS name, m.joined_at AS created_at
--         FROM app.members AS m;
--     CREATE VIEW kith.posts AS
--         SELECT a.id, a.member_id AS author_id, a.headline AS title,
--                a.content AS body, a.labels AS tags, a.lang AS language,
--                a.picture AS image, a.address AS url, a.published_at,
--                a.changed_at AS updated_at, a.hidden_at, a.removed_at AS deleted_at
--         FROM app.articles AS a;
--     GRANT SELECT ON kith.users, kith.posts TO kith;
--
-- The columns and their types are those of the tables below; an id must be a
-- uuid. A column the application lacks is written as NULL::type; updated_at
-- must move with every change of a post, or edits are noticed only by the next
-- training. Stamps finer than a millisecond are better cut with
-- date_trunc('milliseconds', ...): pages may skip posts of one millisecond.
-- Where the views stand, the tables, their indexes and the foreign keys to them
-- are not made, and kith never writes to them. For the speed of the newest feed
-- the application wants an index on app.articles (published_at DESC, id DESC).

DO $$
BEGIN
    IF (to_regclass(format('%I.users', current_schema())) IS NULL)
       <> (to_regclass(format('%I.posts', current_schema())) IS NULL) THEN
        RAISE EXCEPTION 'hosted mode needs both views, users and posts, in '
            'schema %', current_schema();
    END IF;

    IF to_regclass(format('%I.users', current_schema())) IS NOT NULL THEN
        PERFORM id::uuid, name::text, created_at::timestamptz
        FROM users LIMIT 0;
    ELSE
        -- A reader without an account gets a row with the first event.
        CREATE TABLE users (
            id         uuid PRIMARY KEY,
            name       text,
            created_at timestamptz NOT NULL DEFAULT now()
        );
    END IF;

    IF to_regclass(format('%I.posts', current_schema())) IS NOT NULL THEN
        PERFORM id::uuid, author_id::uuid, title::text, body::text,
                tags::text[], language::text, image::text, url::text,
                published_at::timestamptz, updated_at::timestamptz,
                hidden_at::timestamptz, deleted_at::timestamptz
        FROM posts LIMIT 0;
    ELSE
        -- Hidden: may come back. Deleted: stays as a row, because events name
        -- it. Neither is ever served.
        CREATE TABLE posts (
            id           uuid PRIMARY KEY,
            author_id    uuid,
            title        text NOT NULL,
            body         text NOT NULL DEFAULT '',
            tags         text[] NOT NULL DEFAULT '{}',
            language     text,
            image        text,
            url          text,
            -- To the millisecond, as on the wire: pages go on behind
            -- (published_at, id), and a finer stamp would make them skip.
            published_at timestamptz(3) NOT NULL DEFAULT now(),
            updated_at   timestamptz(3) NOT NULL DEFAULT now(),
            hidden_at    timestamptz,
            deleted_at   timestamptz
        );

        -- The newest feed and its pages: read in order, no sort, no dead ends.
        CREATE INDEX posts_newest ON posts (published_at DESC, id DESC)
            WHERE hidden_at IS NULL AND deleted_at IS NULL;

        -- "What changed since": polled every second by every worker.
        CREATE INDEX posts_changed ON posts (updated_at, id);

        -- Posts of an author; also what the foreign key looks up when a user
        -- is erased.
        CREATE INDEX posts_author ON posts (author_id)
            WHERE author_id IS NOT NULL;

        -- The post outlives its author.
        ALTER TABLE posts ADD CONSTRAINT posts_author_fkey
            FOREIGN KEY (author_id) REFERENCES users (id) ON DELETE SET NULL;
    END IF;
END
$$;
