#include <check.h>

#include "../support/model_fixture.h"

static struct fixture f;
static struct profile p;
static struct reader reader;
static struct err err;

/* Post 0 hidden, 1 seen, 2 his own, 3 invisible, 4 in his row, 5 free. */
static void setup(void)
{
    static const uint8_t masks[] = {MASK_HIDE, MASK_VIEW, 0, 0, 0, 0};

    fixture_init(&f, 2, 6);
    f.authors[2] = fixture_user(1);
    f.flags[3] = 0;
    fixture_mask(&f, 1, 4, MASK_LIKE);
    fixture_open(&f);
    fixture_profile(&f, &p, masks);
}

static void teardown(void)
{
    profile_release(&p);
    fixture_close(&f);
}

static void make(struct uuid user, const uint64_t *keys, uint32_t count)
{
    ck_assert(reader_make(&reader, &f.model, &p, user, keys, count, &err));
}

START_TEST(a_reader_gets_only_what_he_may)
{
    make(fixture_user(1), NULL, 0);
    for (uint32_t post = 0; post < 5; post++)
        ck_assert(!reader_may_get(&reader, post));
    ck_assert(reader_may_get(&reader, 5));
}
END_TEST

START_TEST(what_he_saw_is_another_question)
{
    make(fixture_user(1), NULL, 0);
    ck_assert(reader_may_get_unseen(&reader, 0));
    ck_assert(reader_may_get_unseen(&reader, 1));
    ck_assert(!reader_may_get_unseen(&reader, 2));
    ck_assert(!reader_may_get_unseen(&reader, 3));
    ck_assert(reader_may_get_unseen(&reader, 4));
}
END_TEST

START_TEST(a_reader_outside_the_model_has_no_row)
{
    make(fixture_user(7), NULL, 0);
    ck_assert_uint_eq(reader.self, ORDINAL_NONE);
    ck_assert(reader_may_get(&reader, 2));
    ck_assert(reader_may_get(&reader, 4));
}
END_TEST

START_TEST(the_zero_id_wrote_nothing)
{
    make((struct uuid){0}, NULL, 0);
    ck_assert(reader_may_get(&reader, 5));
}
END_TEST

START_TEST(posts_of_earlier_pages_stay_out)
{
    uint64_t keys[] = {uuid_key(fixture_post(5)), uuid_key(fixture_post(5)), 0};

    make(fixture_user(7), keys, 3);
    ck_assert(!reader_may_get(&reader, 5));
    ck_assert(reader_may_get(&reader, 4));
}
END_TEST

START_TEST(keys_have_48_bits)
{
    ck_assert_uint_eq(uuid_key(fixture_post(5)) >> 48, 0);
    ck_assert_uint_ne(uuid_key(fixture_post(5)), uuid_key(fixture_post(4)));
}
END_TEST

START_TEST(colliding_keys_all_fit_and_one_too_many_is_refused)
{
    /* All of one slot: the table is searched to its end and around it. */
    uint64_t keys[READER_KEYS_MOST + 1];

    for (uint64_t i = 0; i <= READER_KEYS_MOST; i++)
        keys[i] = i * READER_KEY_SLOTS + READER_KEY_SLOTS - 1;
    make(fixture_user(7), keys, READER_KEYS_MOST);
    ck_assert(reader_may_get(&reader, 5));
    ck_assert(!reader_make(&reader, &f.model, &p, fixture_user(7), keys,
                           READER_KEYS_MOST + 1, &err));
    ck_assert_int_eq(err.code, ERR_LIMIT);
}
END_TEST

START_TEST(what_was_taken_away_since_stays_out)
{
    const uint8_t gone[6] = {0, 0, 0, 0, 0, 1};

    make(fixture_user(7), NULL, 0);
    reader.gone = gone;
    ck_assert(!reader_may_get(&reader, 5));
    ck_assert(reader_may_get(&reader, 4));
}
END_TEST

START_TEST(a_newer_post_is_judged_by_its_mark_and_its_key)
{
    static const uint8_t may[] = {1, 0, 1};
    static const uint64_t newer[] = {71, 72, 73}, keys[] = {73};

    make(fixture_user(7), keys, 1);
    reader.newer = may;
    reader.newer_keys = newer;
    reader.newer_count = 3;
    ck_assert(reader_may_get(&reader, 6));
    ck_assert(!reader_may_get(&reader, 7));
    ck_assert(!reader_may_get(&reader, 8));
}
END_TEST

/* Post 1 was seen at 100, post 0 hidden at 50; his row knows post 4. */
START_TEST(what_was_seen_before_the_window_may_come_again)
{
    struct history_event events[] = {
        {.post = fixture_post(1), .at_ms = 100, .type = EVENT_VIEW},
        {.post = fixture_post(0), .at_ms = 50, .type = EVENT_HIDE},
    };
    static const struct {
        int64_t before_ms;
        bool first, fourth;
    } rows[] = {{0, false, false},
                {50, false, false},
                {51, false, true},
                {100, false, true},
                {101, true, true}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        p.again_before_ms = rows[i].before_ms;
        profile_make(&p, &f.model, events, 2);
        make(fixture_user(1), NULL, 0);
        ck_assert(reader_may_get(&reader, 1) == rows[i].first);
        ck_assert(reader_may_get(&reader, 4) == rows[i].fourth);
        ck_assert(!reader_may_get(&reader, 0));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reader");
    TCase *tc = tcase_create("all");
    SRunner *sr = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_reader_gets_only_what_he_may);
    tcase_add_test(tc, what_he_saw_is_another_question);
    tcase_add_test(tc, a_reader_outside_the_model_has_no_row);
    tcase_add_test(tc, the_zero_id_wrote_nothing);
    tcase_add_test(tc, posts_of_earlier_pages_stay_out);
    tcase_add_test(tc, keys_have_48_bits);
    tcase_add_test(tc, colliding_keys_all_fit_and_one_too_many_is_refused);
    tcase_add_test(tc, what_was_taken_away_since_stays_out);
    tcase_add_test(tc, a_newer_post_is_judged_by_its_mark_and_its_key);
    tcase_add_test(tc, what_was_seen_before_the_window_may_come_again);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
