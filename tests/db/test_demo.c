/* `kith demo` on a database, up to what the personas then see. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "../support/program.h"
#include "../support/test_db.h"
#include "base/lines.h"
#include "web/json.h"

enum { WORD_BYTES = 1024, SECONDS = 120, TOP = 10, TOP_LEAST = 7 };

static struct program p;
static struct db db;
static struct err err;
static char url[WORD_BYTES], covers[WORD_BYTES], model[WORD_BYTES];
static const char *const settings[] = {
    url, covers, model, "KITH_DEMO_DIR=ops/demo", "KITH_LOG_LEVEL=0", NULL};

static void set_up(void)
{
    test_db_open(&db);
    test_db_empty(&db);
}

static void tear_down(void)
{
    db_release(&db);
}

static void kith(const char *line, int code)
{
    program_kith_run(&p, settings, line);
    ck_assert_msg(p.code == code, "%s: exit %d: %s", line, p.code, p.err);
}

/* One number that stands for every row. */
static int64_t rows_hash(void)
{
    return test_db_number(
        &db, "SELECT hashtextextended(string_agg(r, ',' ORDER BY r), 0) FROM ("
             "SELECT concat_ws('|', id, user_id, post_id, interaction_type, "
             "created_at) FROM user_interactions UNION ALL "
             "SELECT concat_ws('|', id, author_id, title, body, tags::text, "
             "published_at, image) FROM posts UNION ALL "
             "SELECT concat_ws('|', id, name) FROM users) AS x (r)");
}

START_TEST(the_same_seed_and_time_give_the_same_rows)
{
    int64_t hash;

    kith("demo --seed 3 --now 2026-01-02T03:04:05Z", 0);
    hash = rows_hash();
    test_db_empty(&db);
    kith("demo --seed 3 --now 2026-01-02T03:04:05Z", 0);
    ck_assert_int_eq(rows_hash(), hash);
    test_db_empty(&db);
    kith("demo --seed 4 --now 2026-01-02T03:04:05Z", 0);
    ck_assert_int_ne(rows_hash(), hash);
}
END_TEST

START_TEST(every_post_has_a_cover_where_its_image_points)
{
    const char *image;
    char path[WORD_BYTES];

    kith("demo", 0);
    ck_assert_int_eq(test_db_number(&db,
                                    "SELECT count(*) FROM posts WHERE image = "
                                    "'/covers/' || id || '.svg'"),
                     test_db_number(&db, "SELECT count(*) FROM posts"));
    image = test_db_text(&db, "SELECT image FROM posts ORDER BY id LIMIT 1");
    snprintf(path, sizeof path, "covers%s", image + strlen("/covers"));
    {
        FILE *f = fopen(program_path(path), "r");
        ck_assert_ptr_nonnull(f);
        fclose(f);
    }
}
END_TEST

START_TEST(a_database_with_posts_is_left_alone)
{
    int64_t hash;

    kith("demo --now 2026-01-02", 0);
    hash = rows_hash();
    kith("demo", 1);
    ck_assert_ptr_nonnull(strstr(p.err, "360 posts already"));
    ck_assert_int_eq(rows_hash(), hash);
}
END_TEST

START_TEST(a_foreign_post_is_reason_enough_to_refuse)
{
    test_db_run(&db, "INSERT INTO posts (id, title) VALUES "
                     "('00000000-0000-4000-8000-000000000001', 'x')");
    kith("demo", 1);
    ck_assert_int_eq(test_db_number(&db, "SELECT count(*) FROM posts"), 1);
    ck_assert_int_eq(test_db_number(&db, "SELECT count(*) FROM users"), 0);
}
END_TEST

START_TEST(an_interrupted_demo_is_completed)
{
    int64_t hash;

    kith("demo --now 2026-01-02", 0);
    hash = rows_hash();
    test_db_run(&db, "TRUNCATE user_interactions");
    test_db_run(&db, "DELETE FROM posts WHERE id IN "
                     "(SELECT id FROM posts ORDER BY id LIMIT 100)");
    kith("demo --now 2026-01-02", 0);
    ck_assert_int_eq(rows_hash(), hash);
}
END_TEST

START_TEST(a_folder_without_posts_is_refused_before_anything_is_done)
{
    kith("demo --dir /nonexistent", 1);
    ck_assert_int_eq(test_db_number(&db, "SELECT count(*) FROM users"), 0);
}
END_TEST

/* How many of the first ten posts carry the tag. */
static int tagged(const char *tag)
{
    struct json root, posts;
    int count = 0;

    ck_assert_msg(
        json_parse(span_of(p.out), sizeof p.out, JSON_DEPTH, &root, &err), "%s",
        err.what);
    ck_assert(json_find_array(&root, "posts", &posts, NULL, &err));
    ck_assert_uint_eq(json_count(&posts), TOP);
    for (size_t i = 0; i < TOP; i++) {
        struct json post = json_at(&posts, i), tags;
        ck_assert(json_find_array(&post, "tags", &tags, NULL, &err));
        for (size_t k = 0; k < json_count(&tags); k++) {
            struct json item = json_at(&tags, k);
            struct span text;
            ck_assert(json_text(&item, &text, &err));
            count += span_is(text, tag);
        }
    }
    json_release(&root);
    return count;
}

START_TEST(every_persona_sees_its_own_topic)
{
    char line[WORD_BYTES], id[64], taste[64];
    struct lines personas;
    struct span text;

    kith("demo", 0);
    kith("train", 0);
    ck_assert(lines_open(&personas, "ops/demo/readers.jsonl", &err));
    while (lines_next(&personas, &text)) {
        struct json root;
        struct span word;
        ck_assert(json_parse(text, LINES_MOST_BYTES, JSON_DEPTH, &root, &err));
        ck_assert(json_find_text(&root, "id", &word, NULL, &err));
        snprintf(id, sizeof id, "%.*s", SPAN_ARGS(word));
        ck_assert(json_find_text(&root, "taste", &word, NULL, &err));
        snprintf(taste, sizeof taste, "%.*s", SPAN_ARGS(word));
        json_release(&root);
        snprintf(line, sizeof line, "recommend --user %s --limit 10 --json",
                 id);
        kith(line, 0);
        ck_assert_msg(tagged(taste) >= TOP_LEAST, "%s: %d of 10", taste,
                      tagged(taste));
    }
    lines_close(&personas);
}
END_TEST

START_TEST(status_tells_rows_and_model)
{
    remove(program_path("model"));
    kith("status --json", 0);
    ck_assert_ptr_nonnull(strstr(p.out, "\"posts\":0"));
    ck_assert_ptr_nonnull(strstr(p.out, "\"model\":null,\"model_reason\":"));
    kith("demo", 0);
    kith("train", 0);
    kith("status --json", 0);
    ck_assert_ptr_nonnull(strstr(p.out, "\"posts\":360,"));
    ck_assert_ptr_nonnull(strstr(p.out, "\"model\":{\"path\":"));
    ck_assert_ptr_nonnull(strstr(p.out, "\"users\":412,\"posts\":360,"));
}
END_TEST

START_TEST(migrate_says_that_nothing_is_pending)
{
    kith("migrate", 0);
    ck_assert_str_eq(p.out, "the schema is up to date\n");
    kith("migrate --status --json", 0);
    ck_assert_ptr_nonnull(strstr(p.out, "\"pending\":0}"));
}
END_TEST

START_TEST(without_tables_the_jobs_say_to_migrate)
{
    test_db_run(&db, "CREATE SCHEMA bare");
    snprintf(url, sizeof url, "KITH_DB_URL=%s&options=-csearch_path%%3Dbare",
             test_db_url());
    kith("demo", 1);
    ck_assert_ptr_nonnull(strstr(p.err, "kith migrate"));
    kith("status", 0);
    ck_assert_ptr_nonnull(strstr(p.out, "kith migrate"));
    kith("migrate --status", 0);
    ck_assert_ptr_nonnull(strstr(p.out, "pending    0001_"));
    kith("migrate", 0);
    ck_assert_ptr_nonnull(strstr(p.out, "migrations applied"));
    kith("status", 0);
    test_db_run(&db, "DROP SCHEMA bare CASCADE");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("demo (database)");
    TCase *tc = tcase_create("demo");
    SRunner *sr = srunner_create(s);
    int failed;

    test_db_create();
    snprintf(url, sizeof url, "KITH_DB_URL=%s", test_db_url());
    snprintf(covers, sizeof covers, "KITH_COVERS=%.900s",
             program_path("covers"));
    snprintf(model, sizeof model, "KITH_MODEL=%.900s", program_path("model"));
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_set_timeout(tc, SECONDS);
    tcase_add_test(tc, the_same_seed_and_time_give_the_same_rows);
    tcase_add_test(tc, every_post_has_a_cover_where_its_image_points);
    tcase_add_test(tc, a_database_with_posts_is_left_alone);
    tcase_add_test(tc, a_foreign_post_is_reason_enough_to_refuse);
    tcase_add_test(tc, an_interrupted_demo_is_completed);
    tcase_add_test(tc,
                   a_folder_without_posts_is_refused_before_anything_is_done);
    tcase_add_test(tc, every_persona_sees_its_own_topic);
    tcase_add_test(tc, status_tells_rows_and_model);
    tcase_add_test(tc, migrate_says_that_nothing_is_pending);
    tcase_add_test(tc, without_tables_the_jobs_say_to_migrate);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
