/* Health, readiness, and the demo's reader switcher. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/corpus.h"
#include "../support/gate.h"
#include "../support/test_db.h"
#include "base/clock.h"

enum {
    DAY_MS = 24 * 3600 * 1000,
    BUDGET_MS = 200,
    GRACE_MS = 50,
    TRIES = 5,
    US_PER_MS = 1000,
    BODY_MOST = 65536,
};

static struct stage stage;
static struct worker admin;

static void setup(void)
{
    stage_open(&stage);
    corpus_fill(&stage);
}

static void teardown(void)
{
    ck_assert_int_eq(worker_stop(&admin), 0);
    stage_close(&stage);
}

static void start(void)
{
    worker_start(&admin, &stage, "admin");
}

/* ---- Health ---- */

START_TEST(health_needs_nothing_but_the_process)
{
    struct answer a;

    gate_open(stage_folder());
    stage_set("KITH_DB_URL", gate_url());
    gate_shut();
    start();
    worker_ask(&admin, &(struct ask){.path = "/healthz"}, &a);
    ck_assert_int_eq(a.status, 200);
    ck_assert(span_is(a.raw.body, "{\"alive\":true}"));
    answer_release(&a);
}
END_TEST

static const char *const probes[] = {"/healthz", "/readyz"};

START_TEST(a_probe_may_be_asked_by_head)
{
    struct answer a;

    stage_train(&stage);
    start();
    worker_ask(&admin, &(struct ask){.method = "HEAD", .path = probes[_i]}, &a);
    ck_assert_int_eq(a.status, 200);
    ck_assert_uint_eq(a.raw.body.bytes, 0);
    answer_release(&a);
}
END_TEST

START_TEST(a_probe_takes_no_other_method)
{
    struct answer a;

    start();
    worker_ask(&admin, &(struct ask){.method = "POST", .path = probes[_i]}, &a);
    ck_assert_int_eq(a.status, 405);
    ck_assert(span_is(answer_header(&a, "Allow"), "GET, HEAD"));
    answer_release(&a);
}
END_TEST

START_TEST(a_probe_makes_nobody_a_reader)
{
    char cookie[STAGE_COOKIE];
    struct answer a;

    start();
    worker_ask(&admin, &(struct ask){.path = probes[_i], .cookie = "kith=x"},
               &a);
    ck_assert(!answer_cookie(&a, cookie));
    ck_assert_int_ne(a.status, 401);
    answer_release(&a);
}
END_TEST

/* ---- Readiness ---- */

static void ready_says(int status, const char *database, const char *model)
{
    struct answer a;

    worker_ask(&admin, &(struct ask){0}, &a);
    ck_assert_msg(a.status == status, "%d %.*s", a.status,
                  SPAN_ARGS(a.raw.body));
    ck_assert_int_eq(answer_bool(&a, "ready"), status == 200);
    ck_assert_msg(span_is(answer_text(&a, "database"), database), "%.*s",
                  SPAN_ARGS(a.raw.body));
    ck_assert_msg(span_is(answer_text(&a, "model_state"), model), "%.*s",
                  SPAN_ARGS(a.raw.body));
    answer_release(&a);
}

START_TEST(with_database_and_model_it_is_ready)
{
    struct answer a;
    struct json model;
    struct err err;
    int64_t n = 0;

    stage_train(&stage);
    start();
    ready_says(200, "ok", "ok");
    worker_ask(&admin, &(struct ask){0}, &a);
    ck_assert(json_find_object(&a.json, "model", &model, NULL, &err));
    ck_assert(json_find_i64(&model, "users", 21, 21, &n, NULL, &err));
    ck_assert(json_find_i64(&model, "posts", 30, 30, &n, NULL, &err));
    ck_assert(json_find_i64(&model, "pairs", 183, 183, &n, NULL, &err));
    answer_release(&a);
}
END_TEST

START_TEST(without_a_model_it_is_not_ready_and_later_it_is)
{
    start();
    ready_says(503, "ok", "missing");
    stage_train(&stage);
    ready_says(200, "ok", "ok");
    ck_assert_int_eq(remove(stage.model_path), 0);
    ready_says(503, "ok", "missing");
}
END_TEST

START_TEST(a_damaged_model_is_as_good_as_none)
{
    stage_train(&stage);
    start();
    ready_says(200, "ok", "ok");
    ck_assert_int_eq(truncate(stage.model_path, 100), 0);
    ready_says(503, "ok", "missing");
    stage_train(&stage);
    ready_says(200, "ok", "ok");
}
END_TEST

START_TEST(a_stale_model_is_told_from_a_missing_one)
{
    struct answer a;

    clock_set_wall_ms(clock_wall_ms() - (int64_t)8 * DAY_MS);
    stage_train(&stage);
    clock_set_wall_ms(0);
    start();
    ready_says(503, "ok", "stale");
    worker_ask(&admin, &(struct ask){0}, &a);
    ck_assert(!answer_is_null(&a, "model"));
    answer_release(&a);
}
END_TEST

static void soon_ready(void)
{
    int64_t until_us = test_db_soon();
    struct answer a;
    int status = 503;

    while (status != 200 && clock_mono_us() < until_us) {
        worker_ask(&admin, &(struct ask){0}, &a);
        status = a.status;
        answer_release(&a);
    }
    ck_assert_int_eq(status, 200);
}

START_TEST(without_a_database_it_is_not_ready_and_later_it_is)
{
    stage_train(&stage);
    gate_open(stage_folder());
    stage_set("KITH_DB_URL", gate_url());
    start();
    ready_says(200, "ok", "ok");
    gate_shut();
    ready_says(503, "down", "ok");
    gate_reopen();
    soon_ready();
}
END_TEST

/* A probe must not sit on the only admin worker for as long as a batch may. */
START_TEST(a_database_that_hangs_does_not_hold_the_probe)
{
    const int64_t most_us = (BUDGET_MS + GRACE_MS) * US_PER_MS;
    int64_t took_us = INT64_MAX, start_us;
    char text[16];

    snprintf(text, sizeof text, "%d", BUDGET_MS);
    stage_set("KITH_DB_WAIT_MS", text);
    stage_train(&stage);
    gate_open(stage_folder());
    stage_set("KITH_DB_URL", gate_url());
    start();
    for (int i = 0; i < TRIES && took_us > most_us; i++) {
        soon_ready();
        gate_freeze();
        start_us = clock_mono_us();
        ready_says(503, "down", "ok");
        took_us = clock_mono_us() - start_us;
        gate_thaw();
    }
    ck_assert_int_le(took_us, most_us);
}
END_TEST

START_TEST(a_schema_that_is_behind_or_changed_is_not_ready)
{
    stage_train(&stage);
    start();
    test_db_run(&stage.db, "CREATE TABLE kept AS TABLE schema_migrations;"
                           "DELETE FROM schema_migrations WHERE name = "
                           "(SELECT max(name) FROM schema_migrations)");
    ready_says(503, "migrations_pending", "ok");
    test_db_run(&stage.db, "DELETE FROM schema_migrations;"
                           "INSERT INTO schema_migrations TABLE kept;"
                           "DROP TABLE kept");
    ready_says(200, "ok", "ok");
}
END_TEST

/* ---- The demo ---- */

#define READERS_PATH "/api/demo/readers"
#define READ_AS_PATH "/api/demo/read-as"

static const struct ask demo_asks[] = {
    {.path = READERS_PATH},
    {.path = READERS_PATH, .method = "POST"},
    {.path = READ_AS_PATH, .body = "{}"},
    {.path = READ_AS_PATH},
    {.path = READ_AS_PATH, .method = "OPTIONS"},
};

START_TEST(without_the_setting_there_is_no_demo)
{
    char cookie[STAGE_COOKIE];
    struct answer a;

    start();
    worker_ask(&admin, &demo_asks[_i], &a);
    ck_assert_int_eq(a.status, 404);
    ck_assert(span_is(answer_code(&a), "not_found"));
    ck_assert(!answer_cookie(&a, cookie));
    answer_release(&a);
}
END_TEST

static void start_demo(void)
{
    stage_set("KITH_DEMO", "1");
    start();
}

static void write_personas(const char *text)
{
    char path[STAGE_PATH];
    FILE *f;

    stage_path("readers.jsonl", path);
    f = fopen(path, "w");
    ck_assert(f && fputs(text, f) >= 0 && !fclose(f));
}

static struct json reader_at(const struct answer *a, size_t i)
{
    struct json readers = answer_array(a, "readers");

    ck_assert_uint_lt(i, json_count(&readers));
    return json_at(&readers, i);
}

static void reader_is(const struct answer *a, size_t i, const char *key,
                      const char *value)
{
    struct json one = reader_at(a, i);
    struct span text = {NULL, 0};
    struct err err;

    ck_assert(json_find_text(&one, key, &text, NULL, &err));
    ck_assert_msg(span_is(text, value), "%.*s", SPAN_ARGS(a->raw.body));
}

START_TEST(the_demo_offers_its_personas_that_exist)
{
    struct json readers;
    struct answer a;

    write_personas("{\"id\":\"00000000-0000-4000-8000-000000000102\",\"name\":"
                   "\"B\",\"taste\":\"sailing\",\"about\":\"Sails <fast>\"}\n"
                   "not json\n"
                   "{\"id\":\"00000000-0000-4000-8000-000000009999\",\"name\":"
                   "\"Nobody\",\"taste\":\"\",\"about\":\"\"}\n"
                   "{\"id\":\"00000000-0000-4000-8000-000000000101\",\"name\":"
                   "\"\xc3\x81\"}\n");
    start_demo();
    worker_ask(&admin, &(struct ask){.path = READERS_PATH}, &a);
    ck_assert_int_eq(a.status, 200);
    readers = answer_array(&a, "readers");
    ck_assert_uint_eq(json_count(&readers), 2);
    reader_is(&a, 0, "name", "B");
    reader_is(&a, 0, "taste", "sailing");
    reader_is(&a, 0, "about", "Sails <fast>");
    reader_is(&a, 1, "id", "00000000-0000-4000-8000-000000000101");
    reader_is(&a, 1, "name", "\xc3\x81");
    reader_is(&a, 1, "about", "");
    answer_release(&a);
}
END_TEST

START_TEST(without_personas_the_most_active_readers_are_offered)
{
    struct json readers;
    struct answer a;

    corpus_event(&stage, 115, 30, "view");
    start_demo();
    worker_ask(&admin, &(struct ask){.path = READERS_PATH}, &a);
    ck_assert_int_eq(a.status, 200);
    readers = answer_array(&a, "readers");
    ck_assert_uint_eq(json_count(&readers), 12);
    reader_is(&a, 0, "name", "Reader 115");
    reader_is(&a, 0, "about", "10 interactions");
    answer_release(&a);
}
END_TEST

START_TEST(the_demo_says_who_is_reading)
{
    char token[STAGE_TOKEN], cookie[STAGE_COOKIE];
    struct answer a;

    stage_token(&stage, test_id(CORPUS_READER), token);
    start_demo();
    worker_ask(&admin, &(struct ask){.path = READERS_PATH, .bearer = token},
               &a);
    ck_assert(span_is(answer_text(&a, "current"),
                      "00000000-0000-4000-8000-000000000200"));
    answer_release(&a);
    worker_ask(&admin, &(struct ask){.path = READERS_PATH}, &a);
    ck_assert(answer_cookie(&a, cookie));
    answer_release(&a);
    worker_ask(&admin, &(struct ask){.path = READERS_PATH, .bearer = "x"}, &a);
    ck_assert_int_eq(a.status, 401);
    answer_release(&a);
}
END_TEST

START_TEST(without_a_database_the_demo_is_unavailable)
{
    struct answer a;

    gate_open(stage_folder());
    stage_set("KITH_DB_URL", gate_url());
    gate_shut();
    start_demo();
    worker_ask(&admin, &(struct ask){.path = READERS_PATH}, &a);
    ck_assert_int_eq(a.status, 503);
    ck_assert(span_is(answer_header(&a, "Retry-After"), "2"));
    answer_release(&a);
}
END_TEST

/* The cookie set, as the reader's id. */
static void read_as(const char *body, char user[UUID_TEXT + 1])
{
    char cookie[STAGE_COOKIE];
    struct answer a;

    worker_ask(&admin, &(struct ask){.path = READ_AS_PATH, .body = body}, &a);
    ck_assert_msg(a.status == 200, "%.*s", SPAN_ARGS(a.raw.body));
    ck_assert(answer_cookie(&a, cookie));
    ck_assert_int_eq(strncmp(cookie, "kith=v1.today.", 14), 0);
    snprintf(user, UUID_TEXT + 1, "%.*s", UUID_TEXT, cookie + 14);
    ck_assert(span_is(answer_text(&a, "user_id"), user));
    answer_release(&a);
}

START_TEST(read_as_gives_the_cookie_of_that_reader)
{
    char user[UUID_TEXT + 1];

    start_demo();
    read_as("{\"user_id\":\"00000000-0000-4000-8000-000000000101\"}", user);
    ck_assert_str_eq(user, "00000000-0000-4000-8000-000000000101");
}
END_TEST

static const char *const nobodies[] = {"{}", "{\"user_id\":null}",
                                       " {\"x\":1} "};

START_TEST(read_as_nobody_makes_a_new_reader)
{
    char first[UUID_TEXT + 1], second[UUID_TEXT + 1];

    start_demo();
    read_as(nobodies[_i], first);
    read_as(nobodies[_i], second);
    ck_assert_str_ne(first, second);
}
END_TEST

/* clang-format off */
static const struct {
    struct ask ask;
    int status;
    const char *code;
} refusals[] = {
    {{.body = ""},                                    400, "bad_shape"},
    {{.body = "x"},                                   400, "bad_shape"},
    {{.body = "[]"},                                  400, "bad_shape"},
    {{.body = "null"},                                400, "bad_shape"},
    {{.body = "\"00000000-0000-4000-8000-000000000101\""}, 400, "bad_shape"},
    {{.body = "{\"user_id\":7}"},                     400, "bad_shape"},
    {{.body = "{\"user_id\":\"\"}"},                  400, "bad_shape"},
    {{.body = "{\"user_id\":\"101\"}"},               400, "bad_shape"},
    {{.body = "{\"user_id\":{}}"},                    400, "bad_shape"},
    {{.body = "{\"user_id\":null,\"user_id\":null}"}, 400, "bad_shape"},
    {{.body = "{}", .more = {{"CONTENT_LENGTH", "9"}}}, 400, "bad_body"},
    {{.body = "{}", .site = "cross-site"},            403, "cross_site"},
    {{.body = "{}", .origin = "http://evil.example"}, 403, "cross_site"},
    {{.body = "{}", .origin = "null"},                403, "cross_site"},
    {{.method = "GET"},                               405, "method_not_allowed"},
    {{.method = "PUT", .body = "{}"},                 405, "method_not_allowed"},
};
/* clang-format on */

START_TEST(read_as_refuses)
{
    struct ask ask = refusals[_i].ask;
    char cookie[STAGE_COOKIE];
    struct answer a;

    ask.path = READ_AS_PATH;
    start_demo();
    worker_ask(&admin, &ask, &a);
    ck_assert_msg(a.status == refusals[_i].status &&
                      span_is(answer_code(&a), refusals[_i].code),
                  "row %d: %d %.*s", _i, a.status, SPAN_ARGS(a.raw.body));
    ck_assert(!answer_cookie(&a, cookie));
    answer_release(&a);
}
END_TEST

START_TEST(read_as_refuses_a_body_over_the_limit)
{
    static char large[BODY_MOST + 1];
    struct ask ask = {
        .path = READ_AS_PATH, .body = large, .body_bytes = sizeof large};
    struct answer a;

    memset(large, ' ', sizeof large);
    start_demo();
    worker_ask(&admin, &ask, &a);
    ck_assert_int_eq(a.status, 413);
    ck_assert_int_eq(answer_i64(&a, "most_bytes"), BODY_MOST);
    answer_release(&a);
}
END_TEST

static const char *const nowhere[] = {
    "/",          "/api",          "/api/",        "/healthz/", "/readyz/x",
    "/api/feeds", "/api/demo",     "/metrics",     "",          "readyz",
    "/READYZ",    "/api/demo/../", "/api/metrics", "/\xc3\xa9"};

START_TEST(other_addresses_hold_nothing)
{
    struct answer a;

    start_demo();
    worker_ask(&admin, &(struct ask){.path = nowhere[_i]}, &a);
    ck_assert_int_eq(a.status, 404);
    ck_assert(span_is(answer_code(&a), "not_found"));
    answer_release(&a);
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

static void add_probes(TCase *tc)
{
    tcase_add_test(tc, health_needs_nothing_but_the_process);
    tcase_add_loop_test(tc, a_probe_may_be_asked_by_head, 0, ROWS(probes));
    tcase_add_loop_test(tc, a_probe_takes_no_other_method, 0, ROWS(probes));
    tcase_add_loop_test(tc, a_probe_makes_nobody_a_reader, 0, ROWS(probes));
    tcase_add_test(tc, with_database_and_model_it_is_ready);
    tcase_add_test(tc, without_a_model_it_is_not_ready_and_later_it_is);
    tcase_add_test(tc, a_damaged_model_is_as_good_as_none);
    tcase_add_test(tc, a_stale_model_is_told_from_a_missing_one);
    tcase_add_test(tc, without_a_database_it_is_not_ready_and_later_it_is);
    tcase_add_test(tc, a_database_that_hangs_does_not_hold_the_probe);
    tcase_add_test(tc, a_schema_that_is_behind_or_changed_is_not_ready);
}

static void add_demo(TCase *tc)
{
    tcase_add_loop_test(tc, without_the_setting_there_is_no_demo, 0,
                        ROWS(demo_asks));
    tcase_add_test(tc, the_demo_offers_its_personas_that_exist);
    tcase_add_test(tc, without_personas_the_most_active_readers_are_offered);
    tcase_add_test(tc, the_demo_says_who_is_reading);
    tcase_add_test(tc, without_a_database_the_demo_is_unavailable);
    tcase_add_test(tc, read_as_gives_the_cookie_of_that_reader);
    tcase_add_loop_test(tc, read_as_nobody_makes_a_new_reader, 0,
                        ROWS(nobodies));
    tcase_add_loop_test(tc, read_as_refuses, 0, ROWS(refusals));
    tcase_add_test(tc, read_as_refuses_a_body_over_the_limit);
    tcase_add_loop_test(tc, other_addresses_hold_nothing, 0, ROWS(nowhere));
}

int main(void)
{
    Suite *s = suite_create("admin");
    TCase *tc = tcase_create("admin");
    SRunner *sr = srunner_create(s);
    int failed;

    stage_create();
    tcase_set_timeout(tc, FCGI_CLIENT_WAIT_S * 2);
    tcase_add_checked_fixture(tc, setup, teardown);
    add_probes(tc);
    add_demo(tc);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
