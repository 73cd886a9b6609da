/*
 * No damaged model is opened, and none that passes can do harm. Copies are of
 * exact size on the heap, so that a sanitizer sees a read past the end.
 */
#include <check.h>

#include "../support/model_damage.h"

static unsigned char *sample, *work;
static size_t size;

static void setup(void)
{
    sample = damage_sample(&size);
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
    ck_assert(damage_survives(sample, size));
}
END_TEST

START_TEST(every_truncation_is_refused)
{
    struct err err;

    for (size_t bytes = 0; bytes < size; bytes++) {
        unsigned char *cut = malloc(bytes ? bytes : 1);
        ck_assert_ptr_nonnull(cut);
        memcpy(cut, sample, bytes);
        ck_assert(!model_check(cut, bytes, &err));
        ck_assert_int_eq(err.code, ERR_CORRUPT);
        free(cut);
    }
}
END_TEST

START_TEST(every_truncation_signed_again_is_refused)
{
    struct err err;

    for (size_t bytes = sizeof(struct model_head); bytes < size; bytes++) {
        unsigned char *cut = malloc(bytes);
        ck_assert_ptr_nonnull(cut);
        memcpy(cut, sample, bytes);
        ((struct model_head *)(void *)cut)->file_bytes = bytes;
        damage_sign(cut, bytes);
        ck_assert(!model_check(cut, bytes, &err));
        free(cut);
    }
}
END_TEST

START_TEST(a_longer_file_is_refused)
{
    struct err err;
    unsigned char *longer = calloc(1, size + MODEL_ALIGN);

    ck_assert_ptr_nonnull(longer);
    memcpy(longer, sample, size);
    ck_assert(!model_check(longer, size + MODEL_ALIGN, &err));
    ((struct model_head *)(void *)longer)->file_bytes = size + MODEL_ALIGN;
    damage_sign(longer, size + MODEL_ALIGN);
    ck_assert(!model_check(longer, size + MODEL_ALIGN, &err));
    free(longer);
}
END_TEST

START_TEST(every_flipped_bit_is_refused)
{
    ck_assert_uint_eq(damage_unseen(sample, size, work), size * DAMAGE_BITS);
}
END_TEST

/* Contents that may change freely: ids of authors, texts, times. Everything
 * else that passes must still be safe to use. */
START_TEST(every_flipped_bit_signed_again_does_no_harm)
{
    size_t passed = damage_signed_again(sample, size, work, damage_survives);

    ck_assert_uint_gt(passed, 0);
    ck_assert_uint_lt(passed, size * DAMAGE_BITS / 2);
}
END_TEST

/* Overwrites one number of a section and says whether the model still
 * passes, its checksums being right. */
static bool passes_with(enum model_section_id id, size_t at, uint32_t value)
{
    struct model_section *table = (void *)(work + sizeof(struct model_head));
    struct err err;
    uint32_t i = 0;

    memcpy(work, sample, size);
    while (table[i].id != (uint32_t)id)
        i++;
    ck_assert_uint_le((at + 1) * sizeof value, table[i].bytes);
    memcpy(work + table[i].offset + at * sizeof value, &value, sizeof value);
    damage_sign(work, size);
    return model_check(work, size, &err);
}

static size_t free_slot(void)
{
    struct model m;
    struct err err;
    uint32_t i = 0;

    ck_assert(model_of_bytes(sample, size, &m, &err));
    while (m.post_slots[i])
        i++;
    return i;
}

/*
 *         0            1      2            3
 * user 0  view         -      view, share  -
 * user 1  like         click  -            -
 * user 3  -            view   view         like, share
 * USER_ROWS 0 2 4 4 7 7, POST_ROWS 0 2 4 6 7, norms 122 58 0 291 0
 */
START_TEST(numbers_that_contradict_each_other_are_refused)
{
    ck_assert(passes_with(MODEL_USER_ROWS, 1, 2));
    ck_assert(!passes_with(MODEL_USER_ROWS, 0, 1));
    ck_assert(!passes_with(MODEL_USER_ROWS, 1, 5));
    ck_assert(!passes_with(MODEL_USER_ROWS, 2, 3));
    ck_assert(!passes_with(MODEL_USER_ROWS, 5, 8));
    ck_assert(!passes_with(MODEL_USER_POSTS, 0, pair_of(0, MASK_CLICK)));
    ck_assert(!passes_with(MODEL_USER_POSTS, 0, pair_of(1, MASK_VIEW)));
    ck_assert(!passes_with(MODEL_USER_POSTS, 0, pair_of(3, MASK_VIEW)));
    ck_assert(!passes_with(MODEL_USER_POSTS, 0, pair_of(4, MASK_VIEW)));
    ck_assert(!passes_with(MODEL_USER_POSTS, 0, pair_of(0, 0)));
    ck_assert(!passes_with(MODEL_POST_USERS, 0, pair_of(2, MASK_VIEW)));
    ck_assert(!passes_with(MODEL_USER_NORMS, 1, 59));
    ck_assert(!passes_with(MODEL_USER_SCALES, 1, 0x3f800000));
    ck_assert(!passes_with(MODEL_POST_SLOTS, 0, 5));
    ck_assert(!passes_with(MODEL_POST_SLOTS, free_slot(), 1));
    ck_assert(!passes_with(MODEL_POST_TITLES, 1, 100));
}
END_TEST

/* Adds a section of 8 bytes under an id that this version does not know. */
static bool passes_with_unknown(uint32_t flags)
{
    enum { UNKNOWN = 1000, BYTES = 8 };
    /* The table has room for one more section. */
    size_t at = size, more = at + MODEL_ALIGN;
    unsigned char *longer = calloc(1, more);
    struct model_head *head = (void *)longer;
    struct model_section *table = (void *)(head + 1);
    struct err err;
    bool ok;

    ck_assert_ptr_nonnull(longer);
    memcpy(longer, sample, size);
    ck_assert_uint_le(sizeof *head + (head->section_count + 1) * sizeof *table,
                      table[0].offset);
    table[head->section_count++] = (struct model_section){
        .id = UNKNOWN, .flags = flags, .offset = at, .bytes = BYTES};
    head->file_bytes = more;
    memset(longer + at, 'x', BYTES);
    damage_sign(longer, more);
    ok = model_check(longer, more, &err);
    free(longer);
    return ok;
}

START_TEST(an_unknown_section_passes_only_when_optional)
{
    ck_assert(passes_with_unknown(MODEL_OPTIONAL));
    ck_assert(!passes_with_unknown(0));
    ck_assert(!passes_with_unknown(MODEL_OPTIONAL << 1));
}
END_TEST

START_TEST(another_version_is_refused)
{
    struct err err;

    memcpy(work, sample, size);
    ((struct model_head *)(void *)work)->version = MODEL_VERSION + 1;
    damage_sign(work, size);
    ck_assert(!model_check(work, size, &err));
    ck_assert_int_eq(err.code, ERR_CORRUPT);
}
END_TEST

int main(void)
{
    enum { LIMIT_S = 120 };
    Suite *suite = suite_create("model_damage");
    TCase *tc = tcase_create("all");
    SRunner *sr = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, LIMIT_S);
    tcase_add_test(tc, the_sample_itself_is_sound);
    tcase_add_test(tc, every_truncation_is_refused);
    tcase_add_test(tc, every_truncation_signed_again_is_refused);
    tcase_add_test(tc, a_longer_file_is_refused);
    tcase_add_test(tc, every_flipped_bit_is_refused);
    tcase_add_test(tc, every_flipped_bit_signed_again_does_no_harm);
    tcase_add_test(tc, numbers_that_contradict_each_other_are_refused);
    tcase_add_test(tc, an_unknown_section_passes_only_when_optional);
    tcase_add_test(tc, another_version_is_refused);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
