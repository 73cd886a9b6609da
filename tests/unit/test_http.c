#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "web/http.h"

static struct arena a;
static struct err err;
static struct span value;
static bool found;

static void setup(void)
{
    ck_assert(arena_init(&a, 4096, &err));
}

static void teardown(void)
{
    arena_release(&a);
}

static void query_gives(const char *query, const char *name,
                        const char *expected)
{
    ck_assert_msg(
        http_query_find(span_of(query), name, &a, &value, &found, &err),
        "%s: %s", query, err.what);
    ck_assert_msg(found, "%s", query);
    ck_assert_msg(span_is(value, expected), "%s: %.*s", query,
                  SPAN_ARGS(value));
}

static void query_lacks(const char *query, const char *name)
{
    ck_assert(http_query_find(span_of(query), name, &a, &value, &found, &err));
    ck_assert_msg(!found, "%s", query);
}

static void query_refused(struct span query, const char *name)
{
    err.code = ERR_NONE;
    ck_assert_msg(!http_query_find(query, name, &a, &value, &found, &err),
                  "%.*s", SPAN_ARGS(query));
    ck_assert_int_eq(err.code, ERR_INVALID);
}

START_TEST(a_parameter_is_found_wherever_it_stands)
{
    query_gives("limit=20", "limit", "20");
    query_gives("a=1&limit=20&b=2", "limit", "20");
    query_gives("&&limit=20&", "limit", "20");
    query_gives("a=limit&limit=20", "limit", "20");
}
END_TEST

START_TEST(an_absent_parameter_is_no_error)
{
    query_lacks("", "limit");
    query_lacks("a=1", "limit");
    query_lacks("limits=1&limi=2", "limit");
    query_lacks("a=limit", "limit");
}
END_TEST

START_TEST(a_parameter_may_be_empty)
{
    query_gives("cursor=", "cursor", "");
    query_gives("cursor", "cursor", "");
    query_gives("cursor==", "cursor", "=");
}
END_TEST

START_TEST(names_and_values_are_percent_decoded)
{
    query_gives("q=a%20b+c%2B", "q", "a b c+");
    query_gives("%71=caf%C3%a9", "q", "caf\xc3\xa9");
    query_gives("q=%26%3d%25", "q", "&=%");
}
END_TEST

START_TEST(a_bad_escape_anywhere_is_refused)
{
    query_refused(SPAN("q=%"), "q");
    query_refused(SPAN("q=%4"), "q");
    query_refused(SPAN("q=%4g"), "q");
    query_refused(SPAN("q=%+1"), "q");
    query_refused(SPAN("%zz=1&q=1"), "q");
    query_refused(SPAN("q=1&other=%"), "q");
}
END_TEST

START_TEST(control_characters_and_bad_utf8_are_refused)
{
    query_refused(SPAN("q=%00"), "q");
    query_refused(SPAN("q=%0a"), "q");
    query_refused(SPAN("q=a\nb"), "q");
    query_refused(SPAN("q=%7f"), "q");
    query_refused(SPAN("q=%ff"), "q");
    query_refused(SPAN("q=%c0%af"), "q");
    query_refused(SPAN("q=\xff"), "q");
    query_refused(SPAN("q=a\0b"), "q");
}
END_TEST

START_TEST(a_parameter_given_twice_is_refused)
{
    query_refused(SPAN("limit=1&limit=1"), "limit");
    query_refused(SPAN("limit=1&l%69mit=2"), "limit");
    query_gives("other=1&other=2&limit=3", "limit", "3");
}
END_TEST

START_TEST(cookies_are_found_by_their_exact_name)
{
    struct span header = SPAN("a=1; kith=v1.x; kith2=y;b=\"q\"; e=");

    ck_assert(http_cookie_find(header, "kith", &value));
    ck_assert(span_is(value, "v1.x"));
    ck_assert(http_cookie_find(header, "b", &value));
    ck_assert(span_is(value, "q"));
    ck_assert(http_cookie_find(header, "e", &value));
    ck_assert(span_is(value, ""));
    ck_assert(!http_cookie_find(header, "Kith", &value));
    ck_assert(!http_cookie_find(header, "ith", &value));
    ck_assert(!http_cookie_find(SPAN("kith"), "kith", &value));
    ck_assert(!http_cookie_find(SPAN(""), "kith", &value));
}
END_TEST

START_TEST(of_two_cookies_the_first_counts)
{
    ck_assert(http_cookie_find(SPAN("kith=1; kith=2"), "kith", &value));
    ck_assert(span_is(value, "1"));
}
END_TEST

START_TEST(a_bearer_token_is_taken_from_its_header)
{
    ck_assert(http_bearer_find(SPAN("Bearer abc"), &value));
    ck_assert(span_is(value, "abc"));
    ck_assert(http_bearer_find(SPAN("bearer  abc "), &value));
    ck_assert(span_is(value, "abc"));
    ck_assert(!http_bearer_find(SPAN("Basic abc"), &value));
    ck_assert(!http_bearer_find(SPAN("Bearer"), &value));
    ck_assert(!http_bearer_find(SPAN("Bearer "), &value));
    ck_assert(!http_bearer_find(SPAN("Bearerabc"), &value));
    ck_assert(!http_bearer_find(SPAN(""), &value));
}
END_TEST

START_TEST(a_media_type_matches_without_case_and_parameters)
{
    ck_assert(http_media_is(SPAN("application/json"), "application/json"));
    ck_assert(http_media_is(SPAN("Application/JSON ; charset=utf-8"),
                            "application/json"));
    ck_assert(!http_media_is(SPAN("application/json5"), "application/json"));
    ck_assert(!http_media_is(SPAN("text/json"), "application/json"));
    ck_assert(!http_media_is(SPAN(""), "application/json"));
}
END_TEST

/* ---- Cross-site rules ---- */

static const struct {
    const char *origin, *site, *host;
    bool https;
    const char *origins;
    bool allowed;
} sites[] = {
    /* clang-format off */
    {"", "", "h", false, "", true},                     /* not a browser */
    {"", "same-origin", "h", false, "", true},
    {"", "none", "h", false, "", true},
    {"", "cross-site", "h", false, "", false},
    {"", "cross-site", "h", false, "https://o", false},
    {"http://h", "same-origin", "h", false, "", true},
    {"http://h", "", "h", false, "", true},
    {"http://h", "", "H", false, "", true},
    {"https://h", "", "h", false, "", false},           /* another scheme */
    {"http://h", "", "h", true, "", false},
    {"https://h", "", "h", true, "", true},
    {"http://h:8080", "", "h:8080", false, "", true},
    {"http://h:8081", "", "h:8080", false, "", false},
    {"http://h", "", "h:80", false, "", true},          /* default port */
    {"https://h", "", "h:443", true, "", true},
    {"https://h", "", "h:80", true, "", false},
    {"http://evil", "cross-site", "h", false, "", false},
    {"http://evil", "", "h", false, "", false},
    {"http://h.evil", "", "h", false, "", false},
    {"http://evil", "same-site", "h", false, "", false},
    {"null", "", "h", false, "", false},
    {"null", "", "null", false, "", false},
    {"http://", "", "", false, "", false},              /* no host at all */
    {"https://o", "cross-site", "h", false, "https://o", true},
    {"https://o", "", "h", false, "https://p  https://o", true},
    {"https://p", "", "h", false, "https://o https://pp", false},
    {"https://O", "", "h", false, "https://o", false},  /* exact */
    {"http://h", "cross-site", "h", false, "https://o", false},
    /* clang-format on */
};

START_TEST(only_our_own_and_configured_origins_may_change_something)
{
    struct http_request r = {
        .origin = span_of(sites[_i].origin),
        .sec_fetch_site = span_of(sites[_i].site),
        .host = span_of(sites[_i].host),
        .https = sites[_i].https,
    };

    ck_assert_msg(http_same_site(&r, sites[_i].origins) == sites[_i].allowed,
                  "row %d: origin %s", _i, sites[_i].origin);
}
END_TEST

static struct http_reply reply;

static bool headers_are(const char *expected)
{
    bool same = span_is(buf_view(&reply.headers), expected);

    if (!same)
        fprintf(stderr, "%.*s", SPAN_ARGS(buf_view(&reply.headers)));
    http_reply_release(&reply);
    return same;
}

START_TEST(cors_is_silent_when_nothing_is_configured)
{
    struct http_request r = {.origin = SPAN("https://o")};

    http_reply_init(&reply, 100);
    http_cors(&reply, &r, " ");
    ck_assert(headers_are(""));
}
END_TEST

START_TEST(cors_echoes_a_configured_origin_exactly)
{
    struct http_request r = {.origin = SPAN("https://o")};

    http_reply_init(&reply, 100);
    http_cors(&reply, &r, "https://p https://o");
    ck_assert(headers_are(
        "Vary: Origin\r\n"
        "Access-Control-Allow-Origin: https://o\r\n"
        "Access-Control-Allow-Credentials: true\r\n"
        "Access-Control-Expose-Headers: X-Request-Id, Server-Timing, "
        "Retry-After\r\n"));
}
END_TEST

START_TEST(cors_grants_nothing_to_others_but_still_varies)
{
    struct http_request r = {.origin = SPAN("https://evil")};

    http_reply_init(&reply, 100);
    http_cors(&reply, &r, "https://o");
    ck_assert(headers_are("Vary: Origin\r\n"));
    http_reply_init(&reply, 100);
    r.origin = SPAN("");
    http_cors(&reply, &r, "https://o");
    ck_assert(headers_are("Vary: Origin\r\n"));
}
END_TEST

START_TEST(a_preflight_names_methods_and_headers)
{
    struct http_request r = {.origin = SPAN("https://o")};

    http_reply_init(&reply, 100);
    buf_text(&reply.body, "old");
    http_preflight(&reply, &r, "https://o", "POST, OPTIONS");
    ck_assert_int_eq(reply.status, 204);
    ck_assert_uint_eq(reply.body.bytes, 0);
    ck_assert(headers_are("Allow: POST, OPTIONS\r\n"
                          "Vary: Origin\r\n"
                          "Access-Control-Allow-Origin: https://o\r\n"
                          "Access-Control-Allow-Credentials: true\r\n"
                          "Access-Control-Allow-Methods: POST, OPTIONS\r\n"
                          "Access-Control-Allow-Headers: Content-Type, "
                          "Authorization\r\n"
                          "Access-Control-Max-Age: 600\r\n"));
    http_reply_init(&reply, 100);
    http_preflight(&reply, &r, "", "GET");
    ck_assert(headers_are("Allow: GET\r\n"));
}
END_TEST

/* ---- Replies ---- */

START_TEST(a_header_value_cannot_start_another_header)
{
    http_reply_init(&reply, 100);
    http_header(&reply, "X", SPAN("a\r\nB: c"));
    ck_assert(reply.headers.failed);
    http_reply_reset(&reply);
    ck_assert(!reply.headers.failed);
    http_cookie_set(&reply, "kith", SPAN("a\n"), 1, false);
    ck_assert(reply.headers.failed);
    http_reply_release(&reply);
}
END_TEST

START_TEST(a_cookie_is_closed_to_scripts_and_other_sites)
{
    http_reply_init(&reply, 100);
    http_cookie_set(&reply, "__Host-kith", SPAN("v1.x"), 3600, true);
    http_cookie_set(&reply, "kith", SPAN("y"), 0, false);
    ck_assert(headers_are(
        "Set-Cookie: __Host-kith=v1.x; Path=/; Max-Age=3600; HttpOnly; "
        "SameSite=Lax; Secure\r\n"
        "Set-Cookie: kith=y; Path=/; Max-Age=0; HttpOnly; SameSite=Lax\r\n"));
}
END_TEST

START_TEST(methods_are_known_by_their_exact_name)
{
    ck_assert_int_eq(http_method_find(SPAN("GET")), HTTP_GET);
    ck_assert_int_eq(http_method_find(SPAN("DELETE")), HTTP_DELETE);
    ck_assert_int_eq(http_method_find(SPAN("get")), HTTP_OTHER);
    ck_assert_int_eq(http_method_find(SPAN("PATCH")), HTTP_OTHER);
    ck_assert_int_eq(http_method_find(SPAN("")), HTTP_OTHER);
    ck_assert_str_eq(http_method_name(HTTP_OPTIONS), "OPTIONS");
}
END_TEST

START_TEST(a_status_has_its_standard_text)
{
    ck_assert_str_eq(http_status_text(200), "OK");
    ck_assert_str_eq(http_status_text(413), "Content Too Large");
    ck_assert_str_eq(http_status_text(299), "");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("http");
    TCase *tc = tcase_create("unit");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_parameter_is_found_wherever_it_stands);
    tcase_add_test(tc, an_absent_parameter_is_no_error);
    tcase_add_test(tc, a_parameter_may_be_empty);
    tcase_add_test(tc, names_and_values_are_percent_decoded);
    tcase_add_test(tc, a_bad_escape_anywhere_is_refused);
    tcase_add_test(tc, control_characters_and_bad_utf8_are_refused);
    tcase_add_test(tc, a_parameter_given_twice_is_refused);
    tcase_add_test(tc, cookies_are_found_by_their_exact_name);
    tcase_add_test(tc, of_two_cookies_the_first_counts);
    tcase_add_test(tc, a_bearer_token_is_taken_from_its_header);
    tcase_add_test(tc, a_media_type_matches_without_case_and_parameters);
    tcase_add_loop_test(
        tc, only_our_own_and_configured_origins_may_change_something, 0,
        sizeof sites / sizeof sites[0]);
    tcase_add_test(tc, cors_is_silent_when_nothing_is_configured);
    tcase_add_test(tc, cors_echoes_a_configured_origin_exactly);
    tcase_add_test(tc, cors_grants_nothing_to_others_but_still_varies);
    tcase_add_test(tc, a_preflight_names_methods_and_headers);
    tcase_add_test(tc, a_header_value_cannot_start_another_header);
    tcase_add_test(tc, a_cookie_is_closed_to_scripts_and_other_sites);
    tcase_add_test(tc, methods_are_known_by_their_exact_name);
    tcase_add_test(tc, a_status_has_its_standard_text);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
