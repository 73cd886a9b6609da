#include <check.h>
#include <stdlib.h>

#include "../../jobs/announce.c"

enum { S_US = 1000000, EVERY_S = 10, TEXT_MOST = 512 };

static struct announce a;
static struct buf out;

static void setup(void)
{
    announce_init(&a, (int64_t)EVERY_S * S_US);
    buf_init(&out, TEXT_MOST);
}

static void teardown(void)
{
    buf_release(&out);
}

static struct arrival post(unsigned char n)
{
    return (struct arrival){.post = {{n}}, .published_at_ms = 1000 + n};
}

static void look(unsigned char from, unsigned char until)
{
    struct arrival all[ARRIVALS_MOST] = {0};
    size_t count = 0;

    for (unsigned char n = from; n < until; n++)
        all[count++] = post(n);
    announce_look(&a, all, count);
}

static bool due(int64_t at_s)
{
    buf_reset(&out);
    return announce_posts_due(&a, at_s * S_US, &out);
}

static void says(const char *text)
{
    ck_assert_msg(span_is(buf_view(&out), text), "%.*s",
                  SPAN_ARGS(buf_view(&out)));
}

START_TEST(what_was_there_at_the_start_is_no_news)
{
    look(1, 4);
    ck_assert(!due(1));
}
END_TEST

START_TEST(each_post_is_told_once)
{
    look(1, 4);
    look(1, 6);
    look(2, 6);
    ck_assert(due(1));
    says("{\"type\":\"new_posts\",\"count\":2,\"newest_post_at\":1005}");
    announce_told(&a, S_US);
    look(2, 6);
    ck_assert(!due(100));
}
END_TEST

START_TEST(a_post_that_commits_late_behind_newer_ones_is_told)
{
    look(5, 7);
    look(3, 7);
    ck_assert(due(1));
    says("{\"type\":\"new_posts\",\"count\":2,\"newest_post_at\":1006}");
}
END_TEST

START_TEST(what_comes_within_ten_seconds_is_told_together)
{
    look(1, 2);
    look(1, 3);
    ck_assert(due(1));
    announce_told(&a, S_US);
    look(1, 4);
    ck_assert(!due(2));
    look(1, 6);
    ck_assert(!due(10));
    ck_assert(due(11));
    says("{\"type\":\"new_posts\",\"count\":3,\"newest_post_at\":1005}");
}
END_TEST

START_TEST(what_could_not_be_told_stays_due)
{
    look(1, 2);
    look(1, 3);
    ck_assert(due(1));
    ck_assert(due(2));
    look(1, 4);
    ck_assert(due(3));
    says("{\"type\":\"new_posts\",\"count\":2,\"newest_post_at\":1003}");
}
END_TEST

static bool hello(int64_t at_s)
{
    buf_reset(&out);
    return announce_hello_due(&a, at_s * S_US, 42, &out);
}

START_TEST(a_hello_is_due_every_twenty_five_seconds_once_something_is_known)
{
    ck_assert(!hello(1));
    look(1, 3);
    ck_assert(hello(1));
    says("{\"type\":\"hello\",\"server_time\":42,\"newest_post_at\":1002}");
    announce_greeted(&a, S_US);
    ck_assert(!hello(25));
    ck_assert(hello(26));
}
END_TEST

START_TEST(a_new_nginx_is_greeted_at_once)
{
    look(1, 3);
    announce_greeted(&a, S_US);
    ck_assert(!hello(2));
    announce_forgotten(&a);
    ck_assert(hello(2));
}
END_TEST

START_TEST(who_comes_after_news_were_told_is_greeted_with_their_time)
{
    look(1, 3);
    announce_greeted(&a, S_US);
    look(3, 5);
    ck_assert(due(2));
    ck_assert(!hello(2));
    announce_told(&a, 2 * S_US);
    ck_assert(hello(3));
    says("{\"type\":\"hello\",\"server_time\":42,\"newest_post_at\":1004}");
}
END_TEST

START_TEST(a_flood_is_bounded)
{
    struct arrival all[ARRIVALS_MOST];

    look(1, 1);
    for (uint32_t round = 0; round < 2 * ANNOUNCE_MOST / ARRIVALS_MOST;
         round++) {
        for (uint32_t i = 0; i < ARRIVALS_MOST; i++)
            all[i] = (struct arrival){
                .post = {{(unsigned char)round, (unsigned char)i,
                          (unsigned char)(i >> 8), 1}},
                .published_at_ms = 7};
        announce_look(&a, all, ARRIVALS_MOST);
    }
    ck_assert(due(1));
    says("{\"type\":\"new_posts\",\"count\":10000,\"newest_post_at\":7}");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("announce");
    TCase *tc = tcase_create("announce");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, what_was_there_at_the_start_is_no_news);
    tcase_add_test(tc, each_post_is_told_once);
    tcase_add_test(tc, a_post_that_commits_late_behind_newer_ones_is_told);
    tcase_add_test(tc, what_comes_within_ten_seconds_is_told_together);
    tcase_add_test(tc, what_could_not_be_told_stays_due);
    tcase_add_test(
        tc, a_hello_is_due_every_twenty_five_seconds_once_something_is_known);
    tcase_add_test(tc, a_new_nginx_is_greeted_at_once);
    tcase_add_test(tc,
                   who_comes_after_news_were_told_is_greeted_with_their_time);
    tcase_add_test(tc, a_flood_is_bounded);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
