/* Writing a model and reading it back. */
#include <check.h>
#include <sys/stat.h>

#include "../support/model_fixture.h"

static struct fixture f;
static struct err err;

/*
 *         post 0       post 1   post 2
 * user 0  view         -        view, share
 * user 1  -            like     click
 * user 2  -            -        -
 */
static void setup(void)
{
    fixture_init(&f, 3, 3);
    fixture_mask(&f, 0, 0, MASK_VIEW);
    fixture_mask(&f, 0, 2, MASK_VIEW | MASK_SHARE);
    fixture_mask(&f, 1, 1, MASK_LIKE);
    fixture_mask(&f, 1, 2, MASK_CLICK);
    f.flags[1] = 0;
    f.authors[2] = fixture_user(1);
    fixture_open(&f);
}

static void teardown(void)
{
    fixture_close(&f);
}

START_TEST(meta_tells_what_was_written)
{
    const struct model_meta *meta = f.model.meta;

    ck_assert_uint_eq(meta->user_count, 3);
    ck_assert_uint_eq(meta->post_count, 3);
    ck_assert_uint_eq(meta->pair_count, 4);
    ck_assert_int_eq(meta->built_at_ms, 2000);
    ck_assert_int_eq(meta->trained_until_ms, 1000);
    ck_assert_uint_eq(meta->neighbours, 100);
    ck_assert_uint_eq(meta->weight_share, 10);
    ck_assert_str_eq(meta->algorithm, "collaborative_filtering_v1");
    ck_assert_str_eq(meta->version, "test-1");
}
END_TEST

START_TEST(norms_are_sums_of_squared_weights)
{
    /* user 0: 1^2 + (1 + 10)^2 = 122; user 1: 7^2 + 3^2 = 58; user 2: none */
    ck_assert_uint_eq(f.model.user_norms[0], 122);
    ck_assert_uint_eq(f.model.user_norms[1], 58);
    ck_assert_uint_eq(f.model.user_norms[2], 0);
    ck_assert_uint_eq(f.model.meta->largest_norm, 122);
    ck_assert_float_eq_tol(f.model.user_scales[0], 0.0905358f, 1e-7f);
    ck_assert_float_eq(f.model.user_scales[2], 0);
}
END_TEST

START_TEST(rows_of_both_directions_come_back)
{
    struct row user = model_user_row(&f.model, 0);
    struct row post = model_post_row(&f.model, 2);

    ck_assert_uint_eq(user.count, 2);
    ck_assert_uint_eq(user.pairs[0], pair_of(0, MASK_VIEW));
    ck_assert_uint_eq(user.pairs[1], pair_of(2, MASK_VIEW | MASK_SHARE));
    ck_assert_uint_eq(post.count, 2);
    ck_assert_uint_eq(post.pairs[0], pair_of(0, MASK_VIEW | MASK_SHARE));
    ck_assert_uint_eq(post.pairs[1], pair_of(1, MASK_CLICK));
    ck_assert_uint_eq(model_user_row(&f.model, 2).count, 0);
}
END_TEST

START_TEST(ids_are_found_and_others_are_not)
{
    uint32_t at;

    for (uint32_t i = 0; i < 3; i++) {
        ck_assert(model_find_user(&f.model, fixture_user(i), &at));
        ck_assert_uint_eq(at, i);
        ck_assert(model_find_post(&f.model, fixture_post(i), &at));
        ck_assert_uint_eq(at, i);
    }
    ck_assert(!model_find_user(&f.model, fixture_user(3), &at));
    ck_assert(!model_find_user(&f.model, fixture_post(0), &at));
    ck_assert(!model_find_post(&f.model, fixture_post(3), &at));
    ck_assert(!model_find_post(&f.model, fixture_user(0), &at));
}
END_TEST

START_TEST(texts_titles_and_flags_come_back)
{
    ck_assert(span_is(model_post_text(&f.model, 1), "{\"title\":\"Post 1\"}"));
    ck_assert(span_is(model_post_title(&f.model, 2), "Post 2"));
    ck_assert(model_post_visible(&f.model, 0));
    ck_assert(!model_post_visible(&f.model, 1));
    ck_assert(uuid_equal(f.model.post_authors[2], fixture_user(1)));
}
END_TEST

START_TEST(the_same_source_gives_the_same_bytes)
{
    char path[sizeof f.path + sizeof "2"];
    struct model_source source = fixture_source(&f);
    struct model other;

    snprintf(path, sizeof path, "%s2", f.path);
    ck_assert(model_write(path, &source, &err));
    ck_assert(model_open(path, &other, &err));
    unlink(path);
    ck_assert_uint_eq(other.size, f.model.size);
    ck_assert_mem_eq(other.bytes, f.model.bytes, other.size);
    ck_assert_uint_eq(other.meta->data_hash, model_data_hash(&source));
    model_close(&other);
}
END_TEST

START_TEST(a_replaced_file_is_noticed)
{
    struct model_source source = fixture_source(&f);

    ck_assert_int_eq(model_look(&f.model, f.path), MODEL_SAME);
    ck_assert(!model_changed(&f.model, f.path));
    ck_assert(model_write(f.path, &source, &err));
    ck_assert_int_eq(model_look(&f.model, f.path), MODEL_REPLACED);
    unlink(f.path);
    ck_assert_int_eq(model_look(&f.model, f.path), MODEL_GONE);
    ck_assert(model_changed(&f.model, f.path));
}
END_TEST

START_TEST(a_missing_file_is_absent_and_a_foreign_one_corrupt)
{
    struct model other;
    FILE *file;

    unlink(f.path);
    ck_assert(!model_open(f.path, &other, &err));
    ck_assert_int_eq(err.code, ERR_ABSENT);
    ck_assert(!model_open(f.folder, &other, &err));
    ck_assert_int_eq(err.code, ERR_CORRUPT);
    file = fopen(f.path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert(!model_open(f.path, &other, &err));
    ck_assert_int_eq(err.code, ERR_CORRUPT);
    file = fopen(f.path, "w");
    ck_assert_ptr_nonnull(file);
    for (int i = 0; i < 100; i++)
        fputs("a text file, not a model\n", file);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert(!model_open(f.path, &other, &err));
    ck_assert_int_eq(err.code, ERR_CORRUPT);
    ck_assert_ptr_null(other.bytes);
}
END_TEST

static void refuse(const struct model_source *source, enum err_code code)
{
    ck_assert(!model_write(f.path, source, &err));
    ck_assert_int_eq(err.code, code);
    ck_assert_int_eq(model_look(&f.model, f.path), MODEL_SAME);
}

static bool bad_title(void *arg, uint32_t post, struct span *text,
                      struct model_title *title, struct err *e)
{
    (void)arg;
    (void)post;
    (void)e;
    *text = SPAN("four");
    *title = (struct model_title){1, 4};
    return true;
}

static bool no_text(void *arg, uint32_t post, struct span *text,
                    struct model_title *title, struct err *e)
{
    (void)arg;
    (void)text;
    (void)title;
    return post == 0 || err_set(e, ERR_DOWN, "post %u", post);
}

START_TEST(a_bad_source_is_refused_and_the_old_file_stays)
{
    struct model_source good = fixture_source(&f), bad;
    struct uuid twice[] = {fixture_user(0), fixture_user(0), fixture_user(1)};

    bad = good;
    bad.user_ids = twice;
    refuse(&bad, ERR_INVALID);
    bad = good;
    bad.version = "two words";
    refuse(&bad, ERR_INVALID);
    bad.version = "1234567890123456789012345678901234567890";
    refuse(&bad, ERR_INVALID);
    bad.version = "";
    refuse(&bad, ERR_INVALID);
    bad = good;
    bad.neighbours = 0;
    refuse(&bad, ERR_INVALID);
    bad = good;
    bad.weights.like = 16;
    refuse(&bad, ERR_INVALID);
    bad = good;
    bad.weights.like = 0; /* a pair of the matrix would weigh nothing */
    refuse(&bad, ERR_INVALID);
    bad = good;
    bad.text = bad_title;
    refuse(&bad, ERR_INVALID);
    bad.text = no_text;
    refuse(&bad, ERR_DOWN);
}
END_TEST

START_TEST(what_the_source_leaves_out_has_defaults)
{
    struct model_source source = fixture_source(&f);
    struct model other;

    source.text = NULL;
    source.post_authors = NULL;
    source.post_flags = NULL;
    ck_assert(model_write(f.path, &source, &err));
    ck_assert(model_open(f.path, &other, &err));
    ck_assert_uint_eq(model_post_text(&other, 0).bytes, 0);
    ck_assert_uint_eq(model_post_title(&other, 0).bytes, 0);
    ck_assert(model_post_visible(&other, 1));
    ck_assert(uuid_equal(other.post_authors[2], (struct uuid){0}));
    ck_assert_int_eq(other.post_published_ms[0], 0);
    model_close(&other);
}
END_TEST

static bool long_text(void *arg, uint32_t post, struct span *text,
                      struct model_title *title, struct err *e)
{
    enum { BYTES = 700001 }; /* three posts cross two block borders */
    static char bytes[BYTES];

    (void)arg;
    (void)e;
    memset(bytes, 'a' + (int)post, sizeof bytes);
    *text = (struct span){bytes, sizeof bytes};
    *title = (struct model_title){BYTES - 1, 1};
    return true;
}

START_TEST(texts_may_cross_the_blocks_of_the_checksum)
{
    struct model_source source = fixture_source(&f);
    struct model other;

    source.text = long_text;
    ck_assert(model_write(f.path, &source, &err));
    ck_assert(model_open(f.path, &other, &err));
    ck_assert_uint_eq(model_post_text(&other, 2).bytes, 700001);
    ck_assert(span_is(model_post_title(&other, 2), "c"));
    ck_assert_int_eq(model_post_text(&other, 1).at[700000], 'b');
    model_close(&other);
}
END_TEST

START_TEST(a_model_of_nothing_is_a_model)
{
    struct fixture empty;
    uint32_t at;

    fixture_init(&empty, 0, 0);
    fixture_open(&empty);
    ck_assert_uint_eq(empty.model.meta->pair_count, 0);
    ck_assert(!model_find_user(&empty.model, fixture_user(0), &at));
    ck_assert(!model_find_post(&empty.model, fixture_post(0), &at));
    fixture_close(&empty);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model");
    TCase *tc = tcase_create("all");
    SRunner *sr = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, meta_tells_what_was_written);
    tcase_add_test(tc, norms_are_sums_of_squared_weights);
    tcase_add_test(tc, rows_of_both_directions_come_back);
    tcase_add_test(tc, ids_are_found_and_others_are_not);
    tcase_add_test(tc, texts_titles_and_flags_come_back);
    tcase_add_test(tc, the_same_source_gives_the_same_bytes);
    tcase_add_test(tc, a_replaced_file_is_noticed);
    tcase_add_test(tc, a_missing_file_is_absent_and_a_foreign_one_corrupt);
    tcase_add_test(tc, a_bad_source_is_refused_and_the_old_file_stays);
    tcase_add_test(tc, what_the_source_leaves_out_has_defaults);
    tcase_add_test(tc, texts_may_cross_the_blocks_of_the_checksum);
    tcase_add_test(tc, a_model_of_nothing_is_a_model);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
