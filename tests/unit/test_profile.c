#include <check.h>

#include "../support/model_fixture.h"

static struct fixture f;
static struct profile p;
static struct err err;

static void setup(void)
{
    fixture_init(&f, 1, 6);
    fixture_open(&f);
    ck_assert(profile_init(&p, 8, &err));
}

static void teardown(void)
{
    profile_release(&p);
    fixture_close(&f);
}

static struct history_event event(uint32_t post, enum event_type type)
{
    return (struct history_event){.post = fixture_post(post), .type = type};
}

#define MAKE(...)                                                              \
    do {                                                                       \
        struct history_event all[] = {__VA_ARGS__};                            \
        profile_make(&p, &f.model, all, sizeof all / sizeof *all);             \
    } while (0)

START_TEST(posts_stand_newest_first_with_their_weights)
{
    /* newest first: share of 4, view of 2, like of 4, view of 4 */
    MAKE(event(4, EVENT_SHARE), event(2, EVENT_VIEW), event(4, EVENT_LIKE),
         event(4, EVENT_VIEW));
    ck_assert_uint_eq(p.count, 2);
    ck_assert_uint_eq(p.posts[0].post, 4);
    ck_assert_uint_eq(p.posts[0].weight, 18); /* 1 + 7 + 10 */
    ck_assert_uint_eq(p.posts[1].post, 2);
    ck_assert_uint_eq(p.posts[1].weight, 1);
    ck_assert_uint_eq(p.norm, 325); /* 18^2 + 1^2 */
}
END_TEST

START_TEST(events_are_folded_from_the_oldest_on)
{
    MAKE(event(1, EVENT_UNLIKE), event(1, EVENT_LIKE), event(2, EVENT_LIKE),
         event(2, EVENT_UNLIKE));
    ck_assert_uint_eq(p.count, 2);
    ck_assert_uint_eq(p.posts[0].weight, 0); /* seen, no taste left */
    ck_assert_uint_eq(p.posts[1].weight, 7);
    ck_assert(profile_has(&p, 1));
}
END_TEST

START_TEST(hidden_posts_are_kept_apart)
{
    MAKE(event(3, EVENT_VIEW), event(1, EVENT_HIDE), event(1, EVENT_LIKE));
    ck_assert_uint_eq(p.count, 1);
    ck_assert_uint_eq(p.hidden_count, 1);
    ck_assert_uint_eq(p.hidden[0], 1);
    ck_assert_uint_eq(p.norm, 1);
    ck_assert(profile_has(&p, 1));
    ck_assert(profile_has(&p, 3));
    ck_assert(!profile_has(&p, 0));
}
END_TEST

START_TEST(posts_outside_the_model_are_counted_and_skipped)
{
    MAKE(event(77, EVENT_LIKE), event(0, EVENT_CLICK), event(78, EVENT_VIEW));
    ck_assert_uint_eq(p.unknown_count, 2);
    ck_assert_uint_eq(p.count, 1);
    ck_assert_uint_eq(p.posts[0].weight, 3);
}
END_TEST

START_TEST(only_the_newest_events_count)
{
    struct history_event all[9];

    for (uint32_t i = 0; i < 8; i++)
        all[i] = event(0, EVENT_VIEW);
    all[8] = event(1, EVENT_SHARE); /* the ninth newest: room is for eight */
    profile_make(&p, &f.model, all, 9);
    ck_assert_uint_eq(p.count, 1);
    ck_assert(!profile_has(&p, 1));
}
END_TEST

START_TEST(a_profile_can_be_made_again)
{
    MAKE(event(1, EVENT_HIDE), event(99, EVENT_LIKE), event(2, EVENT_LIKE));
    profile_make(&p, &f.model, NULL, 0);
    ck_assert_uint_eq(p.count, 0);
    ck_assert_uint_eq(p.hidden_count, 0);
    ck_assert_uint_eq(p.unknown_count, 0);
    ck_assert_uint_eq(p.norm, 0);
    ck_assert(!profile_has(&p, 1));
}
END_TEST

START_TEST(a_profile_of_no_events_or_too_many_is_refused)
{
    struct profile other;

    ck_assert(!profile_init(&other, 0, &err));
    ck_assert_int_eq(err.code, ERR_INVALID);
    ck_assert(!profile_init(&other, PROFILE_EVENTS_MOST + 1, &err));
    ck_assert_int_eq(err.code, ERR_INVALID);
}
END_TEST

/* A row of views, of two types and of all, cut in the middle of a pair. */
START_TEST(a_user_s_profile_is_made_of_what_his_row_recalls)
{
    struct history_event events[8];
    struct fixture known;

    fixture_init(&known, 1, 6);
    fixture_mask(&known, 0, 1, MASK_VIEW);
    fixture_mask(&known, 0, 2, MASK_VIEW | MASK_SHARE);
    fixture_mask(&known, 0, 4, MASK_STORED);
    fixture_open(&known);
    for (uint32_t most = 1; most <= 8; most++) {
        struct profile one, same;
        ck_assert(profile_init(&one, most, &err));
        ck_assert(profile_init(&same, most, &err));
        profile_make(&one, &known.model, events,
                     profile_recall(&known.model, 0, events, most));
        profile_of_user(&same, &known.model, 0);
        ck_assert_uint_eq(same.count, one.count);
        ck_assert_uint_eq(same.norm, one.norm);
        ck_assert_int_eq(same.oldest_at_ms, one.oldest_at_ms);
        for (uint32_t i = 0; i < one.count; i++) {
            ck_assert_uint_eq(same.posts[i].post, one.posts[i].post);
            ck_assert_uint_eq(same.posts[i].mask, one.posts[i].mask);
            ck_assert_uint_eq(same.posts[i].weight, one.posts[i].weight);
            ck_assert(profile_has(&same, one.posts[i].post));
        }
        ck_assert(!profile_has(&same, 3));
        profile_release(&one);
        profile_release(&same);
    }
    fixture_close(&known);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("profile");
    TCase *tc = tcase_create("all");
    SRunner *sr = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, posts_stand_newest_first_with_their_weights);
    tcase_add_test(tc, events_are_folded_from_the_oldest_on);
    tcase_add_test(tc, hidden_posts_are_kept_apart);
    tcase_add_test(tc, posts_outside_the_model_are_counted_and_skipped);
    tcase_add_test(tc, only_the_newest_events_count);
    tcase_add_test(tc, a_profile_can_be_made_again);
    tcase_add_test(tc, a_profile_of_no_events_or_too_many_is_refused);
    tcase_add_test(tc, a_user_s_profile_is_made_of_what_his_row_recalls);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
