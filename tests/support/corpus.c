#include "corpus.h"

#include <stdio.h>
#include <stdlib.h>

#include "test_db.h"

enum { SQL_BYTES = 512, DIGITS = 12 };

void corpus_fill(struct stage *s)
{
    test_db_run(
        &s->db,
        "CREATE OR REPLACE FUNCTION pg_temp.id(n int) RETURNS uuid LANGUAGE sql"
        " AS $$ SELECT ('00000000-0000-4000-8000-' ||"
        " lpad(n::text, 12, '0'))::uuid $$;"
        "INSERT INTO users (id, name)"
        " SELECT pg_temp.id(n), 'Author ' || n FROM generate_series(901, 903) n"
        " UNION ALL"
        " SELECT pg_temp.id(n), 'Reader ' || n FROM generate_series(101, 120) n"
        " UNION ALL SELECT pg_temp.id(200), 'Reader 200';"
        "INSERT INTO posts (id, author_id, title, body, tags, language,"
        " published_at)"
        " SELECT pg_temp.id(n), pg_temp.id(901 + n % 3), 'Post ' || n,"
        " 'Body of post ' || n || '.', ARRAY['t' || n % 5], 'en',"
        " date_trunc('second', now()) - n * interval '1 hour'"
        " FROM generate_series(1, 30) n;"
        "INSERT INTO user_interactions"
        " (id, user_id, post_id, interaction_type, created_at)"
        " SELECT gen_random_uuid(), pg_temp.id(r), pg_temp.id(p), 'like',"
        " now() - p * interval '1 minute'"
        " FROM generate_series(101, 120) r, generate_series(1, 20) p"
        " WHERE (r + p) % 10 <> 0 AND (r > 110) = (p > 10)"
        " UNION ALL"
        " SELECT gen_random_uuid(), pg_temp.id(200), pg_temp.id(p), 'like',"
        " now() - p * interval '1 minute' FROM generate_series(1, 3) p");
}

void corpus_event(struct stage *s, unsigned reader, unsigned post,
                  const char *type)
{
    char sql[SQL_BYTES];

    snprintf(sql, sizeof sql,
             "INSERT INTO users (id) VALUES"
             " ('00000000-0000-4000-8000-%012u') ON CONFLICT DO NOTHING;"
             "INSERT INTO user_interactions"
             " (id, user_id, post_id, interaction_type, created_at)"
             " VALUES (gen_random_uuid(), '00000000-0000-4000-8000-%012u',"
             " '00000000-0000-4000-8000-%012u', '%s', now())",
             reader, reader, post, type);
    test_db_run(&s->db, sql);
}

unsigned test_number(struct uuid id)
{
    char text[UUID_TEXT + 1];

    uuid_text(id, text);
    return (unsigned)strtoul(text + UUID_TEXT - DIGITS, NULL, 10);
}
