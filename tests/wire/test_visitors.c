/* Who is who: cookies, tokens, keys, and pages of other origins. */
#define _GNU_SOURCE /* memmem */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "../support/test_db.h"
#include "../support/worker.h"
#include "base/clock.h"

enum { READER = 200, DAY_MS = 24 * 3600 * 1000, YEAR_DAYS = 365 };

#define READER_ID "00000000-0000-4000-8000-000000000200"
#define EVENT                                                                  \
    "{\"type\":\"view\",\"post_id\":\"00000000-0000-4000-8000-000000000001\"}"
#define TODAY                                                                  \
    "today 00112233445566778899aabbccddeeff"                                   \
    "00112233445566778899aabbccddeeff\n"
#define TOMORROW                                                               \
    "tomorrow ffeeddccbbaa99887766554433221100"                                \
    "ffeeddccbbaa99887766554433221100\n"

static struct stage stage;
static struct worker worker;
static char cookie[STAGE_COOKIE], given[STAGE_COOKIE];

static void setup(void)
{
    stage_open(&stage);
    test_db_run(&stage.db, "INSERT INTO posts (id, title) VALUES "
                           "('00000000-0000-4000-8000-000000000001', 'one')");
}

static void teardown(void)
{
    ck_assert_int_eq(worker_stop(&worker), 0);
    stage_close(&stage);
}

static void start(void)
{
    worker_start(&worker, &stage, "feeds");
}

/* A cookie of the reader, issued and expiring that many days from now. */
static void make_cookie(int issued_days, int expires_days)
{
    char token[STAGE_TOKEN];
    int64_t now_ms = clock_wall_ms();

    stage_token_at(&stage, test_id(READER),
                   now_ms + (int64_t)issued_days * DAY_MS,
                   now_ms + (int64_t)expires_days * DAY_MS, token);
    snprintf(cookie, sizeof cookie, "kith=%s", token);
}

static void ask_with(const struct ask *ask, int status)
{
    struct answer a;

    worker_ask(&worker, ask, &a);
    ck_assert_msg(a.status == status, "%d %.*s", a.status,
                  SPAN_ARGS(a.raw.body));
    if (!answer_cookie(&a, given))
        given[0] = 0;
    answer_release(&a);
}

/* Whom the token in a "kith=v1.key.USER..." names. */
static const char *user_of(const char *text)
{
    static char user[UUID_TEXT + 1];
    const char *dot = strchr(text, '.');

    ck_assert_ptr_nonnull(dot);
    dot = strchr(dot + 1, '.');
    ck_assert_ptr_nonnull(dot);
    snprintf(user, sizeof user, "%s", dot + 1);
    return user;
}

/* ---- Cookies ---- */

START_TEST(a_visitor_is_given_an_identity_of_his_own)
{
    char first[UUID_TEXT + 1];
    struct uuid id;

    start();
    ask_with(&(struct ask){0}, 200);
    snprintf(first, sizeof first, "%s", user_of(given));
    ck_assert(uuid_find(span_of(first), &id));
    ask_with(&(struct ask){0}, 200);
    ck_assert_str_ne(first, user_of(given));
}
END_TEST

START_TEST(the_cookie_is_kept_from_scripts_and_other_sites)
{
    struct answer a;
    struct span text, value;

    start();
    worker_ask(&worker, &(struct ask){0}, &a);
    text = answer_header(&a, "Set-Cookie");
    ck_assert(span_starts(text, "kith=v1.today."));
    span_cut(&text, ';', &value);
    ck_assert_msg(span_is(text, " Path=/; Max-Age=31536000; HttpOnly; "
                                "SameSite=Lax"),
                  "%.*s", SPAN_ARGS(text));
    answer_release(&a);
}
END_TEST

START_TEST(a_known_reader_keeps_his_cookie)
{
    start();
    make_cookie(0, YEAR_DAYS);
    ask_with(&(struct ask){.cookie = cookie}, 200);
    ck_assert_str_eq(given, "");
}
END_TEST

START_TEST(a_cookie_past_half_of_its_life_is_renewed)
{
    start();
    make_cookie(-200, 160);
    ask_with(&(struct ask){.cookie = cookie}, 200);
    ck_assert_str_eq(user_of(given), READER_ID);
    ck_assert_str_ne(given, cookie);
    make_cookie(-100, 260);
    ask_with(&(struct ask){.cookie = cookie}, 200);
    ck_assert_str_eq(given, "");
}
END_TEST

START_TEST(events_renew_a_cookie_too)
{
    worker_start(&worker, &stage, "track");
    make_cookie(-200, 160);
    ask_with(&(struct ask){.body = EVENT, .cookie = cookie}, 200);
    ck_assert_str_eq(user_of(given), READER_ID);
}
END_TEST

START_TEST(a_bearer_token_is_the_clients_own_affair)
{
    start();
    make_cookie(-200, 160);
    ask_with(&(struct ask){.bearer = cookie + strlen("kith=")}, 200);
    ck_assert_str_eq(given, "");
}
END_TEST

static const char *const around[] = {"%s",  "a=b; %s; c=d", "a=b;%s",
                                     "%s;", "kiths=x; %s",  " ; ;%s"};

START_TEST(the_cookie_is_found_among_others)
{
    char header[STAGE_COOKIE + 32];
    const char *at = strstr(around[_i], "%s");

    start();
    make_cookie(-200, 160);
    snprintf(header, sizeof header, "%.*s%s%s", (int)(at - around[_i]),
             around[_i], cookie, at + 2);
    ask_with(&(struct ask){.cookie = header}, 200);
    ck_assert_str_eq(user_of(given), READER_ID);
}
END_TEST

START_TEST(under_https_the_cookie_is_bound_to_the_host)
{
    struct answer a;
    struct span text;

    stage_set("KITH_COOKIE_SECURE", "1");
    start();
    make_cookie(0, YEAR_DAYS);
    worker_ask(&worker, &(struct ask){.cookie = cookie}, &a);
    text = answer_header(&a, "Set-Cookie");
    ck_assert(span_starts(text, "__Host-kith=v1.today."));
    ck_assert_int_eq(memcmp(text.at + text.bytes - 8, "; Secure", 8), 0);
    ck_assert(answer_cookie(&a, given));
    /* A plain cookie could have been set by a neighbouring host. */
    ck_assert_str_ne(user_of(given), READER_ID);
    answer_release(&a);
    snprintf(cookie, sizeof cookie, "%s", given);
    ask_with(&(struct ask){.cookie = cookie}, 200);
    ck_assert_str_eq(given, "");
}
END_TEST

START_TEST(how_long_a_cookie_lives_is_a_setting)
{
    struct answer a;

    stage_set("KITH_TOKEN_LIFE_S", "60");
    start();
    worker_ask(&worker, &(struct ask){0}, &a);
    ck_assert(span_has(answer_header(&a, "Set-Cookie"), "; Max-Age=60; "));
    answer_release(&a);
}
END_TEST

/* ---- Keys ---- */

START_TEST(a_token_of_an_older_key_is_good_and_its_cookie_renewed)
{
    make_cookie(0, YEAR_DAYS);
    stage_keys(&stage, "# turned\n\n" TOMORROW TODAY);
    start();
    ask_with(&(struct ask){.cookie = cookie}, 200);
    ck_assert_str_eq(user_of(given), READER_ID);
    ck_assert(span_starts(span_of(given), "kith=v1.tomorrow."));
}
END_TEST

START_TEST(a_token_of_a_key_that_is_gone_is_refused)
{
    make_cookie(0, YEAR_DAYS);
    stage_keys(&stage, TOMORROW);
    start();
    ask_with(&(struct ask){.cookie = cookie}, 401);
    ck_assert_str_eq(given, "kith=");
}
END_TEST

START_TEST(a_token_under_the_name_of_another_key_is_refused)
{
    stage_keys(&stage, TOMORROW);
    make_cookie(0, YEAR_DAYS);
    memcpy(strstr(cookie, "tomorrow"), "today...", 5);
    memmove(strstr(cookie, "today") + 5, strstr(cookie, "today") + 8,
            strlen(strstr(cookie, "today") + 8) + 1);
    stage_keys(&stage, TODAY TOMORROW);
    start();
    ask_with(&(struct ask){.cookie = cookie}, 401);
}
END_TEST

/* ---- Other origins ---- */

static size_t times(const struct answer *a, const char *header)
{
    char line[64];
    size_t n = 0;

    snprintf(line, sizeof line, "\n%s: ", header);
    for (struct span rest = a->raw.head; span_has(rest, line); n++) {
        const char *at = memmem(rest.at, rest.bytes, line, strlen(line));

        rest.bytes -= (size_t)(at + 1 - rest.at);
        rest.at = at + 1;
    }
    return n;
}

static void start_with_origins(const char *role)
{
    stage_set("KITH_ORIGINS", "https://app.example https://b.example:8443");
    worker_start(&worker, &stage, role);
}

START_TEST(without_configured_origins_there_is_no_cors)
{
    struct answer a;

    start();
    worker_ask(&worker, &(struct ask){.origin = "https://app.example"}, &a);
    ck_assert_uint_eq(times(&a, "Access-Control-Allow-Origin"), 0);
    ck_assert_uint_eq(times(&a, "Vary"), 0);
    answer_release(&a);
}
END_TEST

START_TEST(a_configured_origin_may_read)
{
    struct answer a;

    start_with_origins("feeds");
    worker_ask(&worker, &(struct ask){.origin = "https://b.example:8443"}, &a);
    ck_assert(span_is(answer_header(&a, "Access-Control-Allow-Origin"),
                      "https://b.example:8443"));
    ck_assert(
        span_is(answer_header(&a, "Access-Control-Allow-Credentials"), "true"));
    ck_assert(span_is(answer_header(&a, "Vary"), "Origin"));
    ck_assert_uint_eq(times(&a, "Access-Control-Allow-Origin"), 1);
    answer_release(&a);
}
END_TEST

START_TEST(a_configured_origin_may_read_why_it_failed)
{
    struct answer a;

    start_with_origins("feeds");
    worker_ask(
        &worker,
        &(struct ask){.origin = "https://app.example", .query = "limit=0"}, &a);
    ck_assert_int_eq(a.status, 400);
    ck_assert(span_is(answer_header(&a, "Access-Control-Allow-Origin"),
                      "https://app.example"));
    answer_release(&a);
}
END_TEST

static const char *const strange_origins[] = {"https://evil.example",
                                              "https://app.example.evil",
                                              "http://app.example",
                                              "https://app.example:443",
                                              "https://APP.example",
                                              "null",
                                              "*"};

START_TEST(another_origin_may_not)
{
    struct answer a;

    start_with_origins("feeds");
    worker_ask(&worker, &(struct ask){.origin = strange_origins[_i]}, &a);
    ck_assert_int_eq(a.status, 200);
    ck_assert_uint_eq(times(&a, "Access-Control-Allow-Origin"), 0);
    ck_assert(span_is(answer_header(&a, "Vary"), "Origin"));
    answer_release(&a);
}
END_TEST

START_TEST(a_configured_origin_may_report_events_across_sites)
{
    start_with_origins("track");
    ask_with(&(struct ask){.body = EVENT,
                           .origin = "https://app.example",
                           .site = "cross-site"},
             200);
    ask_with(&(struct ask){.body = EVENT,
                           .origin = strange_origins[0],
                           .site = "cross-site"},
             403);
}
END_TEST

START_TEST(our_own_origin_may_report_events)
{
    worker_start(&worker, &stage, "track");
    ask_with(&(struct ask){.body = EVENT, .origin = "http://kith.test"}, 200);
    ask_with(&(struct ask){.body = EVENT, .origin = "http://KITH.test"}, 200);
    ask_with(&(struct ask){.body = EVENT,
                           .origin = "http://kith.test",
                           .host = "kith.test:80",
                           .site = "same-origin"},
             200);
    ask_with(&(struct ask){.body = EVENT,
                           .origin = "https://kith.test",
                           .more = {{"HTTPS", "on"}}},
             200);
    ask_with(&(struct ask){.body = EVENT, .site = "none"}, 200);
}
END_TEST

/* A browser refuses a preflight that names the origin twice. */
START_TEST(a_preflight_of_a_configured_origin_is_granted_once)
{
    struct answer a;

    start_with_origins("track");
    worker_ask(&worker,
               &(struct ask){.method = "OPTIONS",
                             .origin = "https://app.example",
                             .site = "cross-site"},
               &a);
    ck_assert_int_eq(a.status, 204);
    ck_assert_uint_eq(times(&a, "Access-Control-Allow-Origin"), 1);
    ck_assert_uint_eq(times(&a, "Access-Control-Allow-Credentials"), 1);
    ck_assert_uint_eq(times(&a, "Vary"), 1);
    ck_assert(span_is(answer_header(&a, "Access-Control-Allow-Origin"),
                      "https://app.example"));
    ck_assert(
        span_is(answer_header(&a, "Access-Control-Allow-Methods"), "POST"));
    ck_assert(span_is(answer_header(&a, "Access-Control-Allow-Headers"),
                      "Content-Type, Authorization"));
    ck_assert(span_is(answer_header(&a, "Access-Control-Max-Age"), "600"));
    ck_assert(span_is(answer_header(&a, "Allow"), "POST"));
    answer_release(&a);
}
END_TEST

START_TEST(a_preflight_of_another_origin_is_granted_nothing)
{
    struct answer a;

    start_with_origins("track");
    worker_ask(&worker,
               &(struct ask){.method = "OPTIONS", .origin = strange_origins[0]},
               &a);
    ck_assert_int_eq(a.status, 204);
    ck_assert_uint_eq(times(&a, "Access-Control-Allow-Origin"), 0);
    ck_assert_uint_eq(times(&a, "Access-Control-Allow-Methods"), 0);
    answer_release(&a);
}
END_TEST

START_TEST(options_names_the_methods)
{
    struct answer a;

    start();
    worker_ask(&worker, &(struct ask){.method = "OPTIONS"}, &a);
    ck_assert_int_eq(a.status, 204);
    ck_assert(span_is(answer_header(&a, "Allow"), "GET, HEAD"));
    answer_release(&a);
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof((table)[0]))

int main(void)
{
    Suite *s = suite_create("visitors");
    TCase *tc = tcase_create("identity");
    SRunner *sr = srunner_create(s);
    int failed;

    stage_create();
    tcase_set_timeout(tc, FCGI_CLIENT_WAIT_S * 2);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_visitor_is_given_an_identity_of_his_own);
    tcase_add_test(tc, the_cookie_is_kept_from_scripts_and_other_sites);
    tcase_add_test(tc, a_known_reader_keeps_his_cookie);
    tcase_add_test(tc, a_cookie_past_half_of_its_life_is_renewed);
    tcase_add_test(tc, events_renew_a_cookie_too);
    tcase_add_test(tc, a_bearer_token_is_the_clients_own_affair);
    tcase_add_loop_test(tc, the_cookie_is_found_among_others, 0, ROWS(around));
    tcase_add_test(tc, under_https_the_cookie_is_bound_to_the_host);
    tcase_add_test(tc, how_long_a_cookie_lives_is_a_setting);
    tcase_add_test(tc, a_token_of_an_older_key_is_good_and_its_cookie_renewed);
    tcase_add_test(tc, a_token_of_a_key_that_is_gone_is_refused);
    tcase_add_test(tc, a_token_under_the_name_of_another_key_is_refused);
    tcase_add_test(tc, without_configured_origins_there_is_no_cors);
    tcase_add_test(tc, a_configured_origin_may_read);
    tcase_add_test(tc, a_configured_origin_may_read_why_it_failed);
    tcase_add_loop_test(tc, another_origin_may_not, 0, ROWS(strange_origins));
    tcase_add_test(tc, a_configured_origin_may_report_events_across_sites);
    tcase_add_test(tc, our_own_origin_may_report_events);
    tcase_add_test(tc, a_preflight_of_a_configured_origin_is_granted_once);
    tcase_add_test(tc, a_preflight_of_another_origin_is_granted_nothing);
    tcase_add_test(tc, options_names_the_methods);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
