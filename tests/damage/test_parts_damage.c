/*
 * The same promises as test_model_damage.c for a model with the optional
 * groups: contents, items, trend.
 */
#include <check.h>

#include "../support/model_damage.h"
#include "../support/parts_fixture.h"

static unsigned char *sample, *work;
static size_t size;

static void setup(void)
{
    sample = parts_sample(&size);
    work = malloc(size);
    ck_assert_ptr_nonnull(work);
}

static void teardown(void)
{
    free(sample);
    free(work);
}

START_TEST(the_sample_itself_is_sound)
{
    ck_assert(parts_survive(sample, size));
}
END_TEST

START_TEST(every_flipped_bit_is_refused)
{
    ck_assert_uint_eq(damage_unseen(sample, size, work), size * DAMAGE_BITS);
}
END_TEST

START_TEST(every_flipped_bit_signed_again_does_no_harm)
{
    size_t passed = damage_signed_again(sample, size, work, parts_survive);

    ck_assert_uint_gt(passed, 0);
    ck_assert_uint_lt(passed, size * DAMAGE_BITS / 2);
}
END_TEST

static struct model_section *section_of(enum model_section_id id)
{
    struct model_section *table = (void *)(work + sizeof(struct model_head));

    while (table->id != (uint32_t)id)
        table++;
    return table;
}

static bool passes_with(enum model_section_id id, size_t at, const void *value,
                        size_t bytes)
{
    struct err err;

    memcpy(work, sample, size);
    ck_assert_uint_le((at + 1) * bytes, section_of(id)->bytes);
    memcpy(work + section_of(id)->offset + at * bytes, value, bytes);
    damage_sign(work, size);
    return model_check(work, size, &err);
}

static bool passes_u32(enum model_section_id id, size_t at, uint32_t value)
{
    return passes_with(id, at, &value, sizeof value);
}

static bool passes_u16(enum model_section_id id, size_t at, uint16_t value)
{
    return passes_with(id, at, &value, sizeof value);
}

START_TEST(numbers_that_contradict_each_other_are_refused)
{
    static const float nothing = NAN, much = INFINITY;

    ck_assert(!passes_u32(MODEL_TERM_ROWS, 0, 1));
    ck_assert(!passes_u32(MODEL_TERM_POSTS, 0, 4));
    ck_assert(!passes_u32(MODEL_TEXT_TERMS, 0, 1000));
    ck_assert(!passes_u16(MODEL_TERM_WEIGHTS, 0, 0));
    ck_assert(!passes_u16(MODEL_TERM_WEIGHTS, 0, CONTENT_ONE + 1));
    ck_assert(!passes_u16(MODEL_TEXT_WEIGHTS, 0, 1)); /* one side only */
    ck_assert(!passes_u32(MODEL_TERM_TEXT_ENDS, 0, 1000));
    ck_assert(!passes_u32(MODEL_CONTENT_META, 0, 1 << 30));
    ck_assert(!passes_u32(MODEL_ITEM_ROWS, 1, 1000));
    ck_assert(!passes_u32(MODEL_ITEM_POSTS, 0, 0)); /* itself */
    ck_assert(!passes_u32(MODEL_ITEM_POSTS, 0, 4));
    ck_assert(!passes_u32(MODEL_ITEM_SIMS, 0, 0));
    ck_assert(!passes_u32(MODEL_ITEM_SIMS, 0, (1u << SIMILAR_BITS) + 1));
    ck_assert(!passes_u32(MODEL_TREND_POSTS, 0, 4));
    ck_assert(!passes_with(MODEL_TREND_HEATS, 0, &nothing, sizeof nothing));
    ck_assert(!passes_with(MODEL_TREND_HEATS, 0, &much, sizeof much));
}
END_TEST

/* The last section before the index is taken out of the table: its group is not
 * whole. */
START_TEST(a_group_that_is_not_whole_is_refused)
{
    struct model_head *head = (void *)work;
    struct model_section *last;
    struct err err;

    memcpy(work, sample, size);
    last = (struct model_section *)(void *)(work + sizeof *head) +
           head->section_count - 1 - MODEL_INDEX_SECTIONS;
    ck_assert_uint_eq(last->id, MODEL_TREND_HEATS);
    last->id = 1000; /* an unknown optional one */
    damage_sign(work, size);
    ck_assert(!model_check(work, size, &err));
    last[-1].id = 1001; /* now there is no trend at all */
    damage_sign(work, size);
    ck_assert(model_check(work, size, &err));
    ck_assert(parts_survive(work, size));
}
END_TEST

int main(void)
{
    enum { LIMIT_S = 120 };
    Suite *suite = suite_create("parts_damage");
    TCase *tc = tcase_create("all");
    SRunner *sr = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, LIMIT_S);
    tcase_add_test(tc, the_sample_itself_is_sound);
    tcase_add_test(tc, every_flipped_bit_is_refused);
    tcase_add_test(tc, every_flipped_bit_signed_again_does_no_harm);
    tcase_add_test(tc, numbers_that_contradict_each_other_are_refused);
    tcase_add_test(tc, a_group_that_is_not_whole_is_refused);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
