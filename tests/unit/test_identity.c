#define _GNU_SOURCE /* memmem */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/identity.h"

enum { REPLY_MOST = 4096, HEADER_BYTES = 512, LIFE_S = 1000, MS_PER_S = 1000 };

#define USER "00000000-0000-4000-8000-0000000000a1"
#define NOW INT64_C(1767323045678)
#define OLD                                                                    \
    "old 00112233445566778899001122334455667788990011223344556677889900ff\n"
#define NEW                                                                    \
    "new ff112233445566778899001122334455667788990011223344556677889900ff\n"

static struct config config;
static struct token_keys keys, old_keys;
static struct http_request request;
static struct http_reply reply;
static struct identity who;
static char header[HEADER_BYTES];

static void setup(void)
{
    struct err err;

    config = (struct config){.token_life_s = LIFE_S};
    ck_assert(token_keys_parse(SPAN(NEW OLD), &keys, &err));
    ck_assert(token_keys_parse(SPAN(OLD), &old_keys, &err));
    request =
        (struct http_request){.received_at_ms = NOW, .request_text = USER};
    http_reply_init(&reply, REPLY_MOST);
}

static void teardown(void)
{
    http_reply_release(&reply);
}

static struct uuid user(void)
{
    struct uuid id;

    ck_assert(uuid_find(SPAN(USER), &id));
    return id;
}

/* prefix + a token issued and expiring so many seconds from now. */
static struct span header_of(const char *prefix, const struct token_keys *by,
                             int64_t issued_s, int64_t expires_s)
{
    struct buf token;

    buf_init(&token, TOKEN_TEXT_MOST);
    token_sign(by, user(), NOW + issued_s * MS_PER_S,
               NOW + expires_s * MS_PER_S, &token);
    snprintf(header, sizeof header, "%s%.*s", prefix,
             SPAN_ARGS(buf_view(&token)));
    buf_release(&token);
    return span_of(header);
}

static bool finds(void)
{
    return identity_find(&config, &keys, &request, &reply, &who);
}

static bool gives(const char *piece)
{
    return reply.headers.bytes &&
           memmem(reply.headers.at, reply.headers.bytes, piece, strlen(piece));
}

static void is_user(void)
{
    ck_assert(uuid_equal(who.user, user()));
    ck_assert(!who.fresh);
    ck_assert_int_eq(reply.status, 200);
}

START_TEST(a_cookie_names_the_reader)
{
    request.cookie = header_of("kith=", &keys, -1, 999);
    ck_assert(finds());
    is_user();
    ck_assert_uint_eq(reply.headers.bytes, 0);
}
END_TEST

START_TEST(a_bearer_token_goes_before_the_cookie)
{
    request.cookie = SPAN("kith=x");
    request.authorization = header_of("Bearer ", &keys, -1, 999);
    ck_assert(finds());
    is_user();
    ck_assert_uint_eq(reply.headers.bytes, 0);
}
END_TEST

START_TEST(a_visitor_becomes_a_fresh_reader_with_a_cookie)
{
    struct uuid first;

    ck_assert(finds());
    ck_assert(who.fresh);
    ck_assert(gives("Set-Cookie: kith=v1.new."));
    ck_assert(gives("; Path=/; Max-Age=1000; HttpOnly; SameSite=Lax\r\n"));
    first = who.user;
    ck_assert(finds());
    ck_assert(!uuid_equal(first, who.user));
}
END_TEST

START_TEST(the_cookie_of_a_visitor_names_him_on_his_next_visit)
{
    struct uuid first;
    const char *at, *end;

    ck_assert(finds());
    first = who.user;
    at = memmem(reply.headers.at, reply.headers.bytes, "kith=", 5);
    end = memchr(at, ';', 200);
    snprintf(header, sizeof header, "%.*s", (int)(end - at), at);
    http_reply_reset(&reply);
    request.cookie = span_of(header);
    ck_assert(finds());
    ck_assert(uuid_equal(first, who.user));
    ck_assert(!who.fresh);
}
END_TEST

/* clang-format off */
static const struct {
    int64_t issued_s, expires_s;
    bool old, renewed;
} lives[] = {
    {   0, 1000, false, false},
    {-499,  501, false, false},
    {-500,  500, false, true},
    {-999,    1, false, true},
    {   0, 1000, true,  true},
};
/* clang-format on */

START_TEST(a_cookie_is_renewed_at_half_its_life_or_with_the_key)
{
    request.cookie = header_of("kith=", lives[_i].old ? &old_keys : &keys,
                               lives[_i].issued_s, lives[_i].expires_s);
    ck_assert(finds());
    is_user();
    ck_assert_int_eq(gives("Set-Cookie: kith=v1.new." USER ".1767323045678."
                           "1767324045678."),
                     lives[_i].renewed);
}
END_TEST

START_TEST(a_bearer_token_is_never_renewed)
{
    request.authorization = header_of("Bearer ", &old_keys, -999, 1);
    ck_assert(finds());
    is_user();
    ck_assert_uint_eq(reply.headers.bytes, 0);
}
END_TEST

START_TEST(an_expired_cookie_is_told_and_taken_away)
{
    request.cookie = header_of("kith=", &keys, -1000, 0);
    ck_assert(!finds());
    ck_assert_int_eq(reply.status, 401);
    ck_assert(gives("Set-Cookie: kith=; Path=/; Max-Age=0; "));
    ck_assert(memmem(reply.body.at, reply.body.bytes, "\"token_expired\"", 15));
}
END_TEST

START_TEST(a_forged_bearer_token_is_told_and_no_cookie_touched)
{
    request.authorization = SPAN("Bearer nonsense");
    request.cookie = header_of("kith=", &keys, -1, 999);
    ck_assert(!finds());
    ck_assert_int_eq(reply.status, 401);
    ck_assert(!gives("Set-Cookie"));
    ck_assert(gives("WWW-Authenticate: Bearer\r\n"));
    ck_assert(memmem(reply.body.at, reply.body.bytes, "\"bad_token\"", 11));
}
END_TEST

START_TEST(another_scheme_is_no_token)
{
    request.authorization = SPAN("Basic eDp5");
    ck_assert(finds());
    ck_assert(who.fresh);
}
END_TEST

START_TEST(secure_cookies_have_a_name_of_their_own)
{
    config.cookie_secure = true;
    request.cookie = header_of("kith=", &keys, -1, 999);
    ck_assert(finds());
    ck_assert(who.fresh);
    ck_assert(gives("Set-Cookie: __Host-kith=v1.new."));
    ck_assert(gives("; SameSite=Lax; Secure\r\n"));
    http_reply_reset(&reply);
    request.cookie = header_of("__Host-kith=", &keys, -1, 999);
    ck_assert(finds());
    is_user();
}
END_TEST

START_TEST(a_cookie_can_be_given_to_anyone)
{
    identity_give(&config, &keys, user(), NOW, &reply);
    ck_assert(gives("Set-Cookie: kith=v1.new." USER ".1767323045678."
                    "1767324045678."));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("identity");
    TCase *tc = tcase_create("identity");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_cookie_names_the_reader);
    tcase_add_test(tc, a_bearer_token_goes_before_the_cookie);
    tcase_add_test(tc, a_visitor_becomes_a_fresh_reader_with_a_cookie);
    tcase_add_test(tc, the_cookie_of_a_visitor_names_him_on_his_next_visit);
    tcase_add_loop_test(tc,
                        a_cookie_is_renewed_at_half_its_life_or_with_the_key, 0,
                        sizeof lives / sizeof lives[0]);
    tcase_add_test(tc, a_bearer_token_is_never_renewed);
    tcase_add_test(tc, an_expired_cookie_is_told_and_taken_away);
    tcase_add_test(tc, a_forged_bearer_token_is_told_and_no_cookie_touched);
    tcase_add_test(tc, another_scheme_is_no_token);
    tcase_add_test(tc, secure_cookies_have_a_name_of_their_own);
    tcase_add_test(tc, a_cookie_can_be_given_to_anyone);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
