#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "reco/terms.h"

static struct terms t;
static struct err err;

static void setup(void)
{
    ck_assert(terms_init(&t, "en", &err));
}

static void teardown(void)
{
    terms_release(&t);
}

static void body(const char *language, const char *text)
{
    struct terms_text words = {.language = span_of(language),
                               .body = span_of(text)};

    ck_assert(terms_make(&t, &words, &err));
}

/* Weighted count of a stem; 0 when it is not there. */
static uint32_t count_of(const char *stem)
{
    uint64_t key = hash64_seeded(stem, strlen(stem), TERM_WORD);

    for (uint32_t i = 0; i < t.count; i++)
        if (t.found[i].key == key)
            return t.found[i].count;
    return 0;
}

START_TEST(words_are_folded_and_stemmed)
{
    body("en", "Baking, BAKED and bakes; the baker.");
    ck_assert_uint_eq(count_of("bake"), 3);
    ck_assert_uint_eq(count_of("baker"), 1);
    ck_assert_uint_eq(t.length, 6);
}
END_TEST

START_TEST(each_language_has_its_own_stems)
{
    body("de-AT", "B\xc3\xa4ume");
    ck_assert_uint_eq(count_of("baum"), 1);
    body("fr", "continuellement");
    ck_assert_uint_eq(count_of("continuel"), 1);
}
END_TEST

START_TEST(a_language_without_a_stemmer_keeps_words_as_they_are)
{
    body("xx", "Baking");
    ck_assert_uint_eq(count_of("baking"), 1);
}
END_TEST

START_TEST(single_letters_are_no_words)
{
    body("en", "a b cc d");
    ck_assert_uint_eq(t.count, 1);
    ck_assert_uint_eq(count_of("cc"), 1);
}
END_TEST

/* Four characters without spaces: three pairs. */
START_TEST(scripts_without_spaces_give_pairs_of_characters)
{
    body("zh", "\xe4\xba\xba\xe5\xb7\xa5\xe6\x99\xba\xe8\x83\xbd");
    ck_assert_uint_eq(t.count, 3);
    ck_assert_uint_eq(count_of("\xe4\xba\xba\xe5\xb7\xa5"), 1);
    ck_assert_uint_eq(count_of("\xe5\xb7\xa5\xe6\x99\xba"), 1);
    ck_assert_uint_eq(count_of("\xe6\x99\xba\xe8\x83\xbd"), 1);
}
END_TEST

/* "rye" in body 1, title 3, and as a word of the tag 3; the tag itself 4; the
 * author 2. */
START_TEST(fields_count_as_the_header_says)
{
    struct span tags[] = {SPAN("Rye")};
    struct terms_text words = {.title = SPAN("Rye"),
                               .body = SPAN("rye"),
                               .tags = tags,
                               .tag_count = 1,
                               .author = {{1}},
                               .author_name = SPAN("Ada")};
    uint64_t tag = hash64_seeded("rye", 3, TERM_TAG);
    bool found = false;

    ck_assert(terms_make(&t, &words, &err));
    ck_assert_uint_eq(t.count, 3);
    ck_assert_uint_eq(count_of("rye"), 7);
    ck_assert_uint_eq(t.length, 13);
    for (uint32_t i = 0; i < t.count; i++)
        if (t.found[i].key == tag) {
            found = true;
            ck_assert_int_eq(t.found[i].kind, TERM_TAG);
            ck_assert_uint_eq(t.found[i].count, 4);
            ck_assert(span_is(t.found[i].shown, "rye"));
        }
    ck_assert(found);
}
END_TEST

START_TEST(keys_ascend)
{
    body("en", "many different words stand in this line of text");
    for (uint32_t i = 1; i < t.count; i++)
        ck_assert(t.found[i - 1].key < t.found[i].key);
}
END_TEST

START_TEST(text_that_is_not_utf8_gives_no_words)
{
    body("en", "\xff\xfe words");
    ck_assert_uint_eq(t.count, 0);
    body("en", "");
    ck_assert_uint_eq(t.count, 0);
}
END_TEST

/* The check of a model refuses what cannot be shown. */
START_TEST(a_name_with_control_characters_is_not_shown)
{
    struct terms_text words = {.author = {{1}}, .author_name = SPAN("a\nb")};

    ck_assert(terms_make(&t, &words, &err));
    ck_assert_uint_eq(t.count, 1);
    ck_assert_uint_eq(t.found[0].shown.bytes, 0);
}
END_TEST

START_TEST(an_unknown_default_language_is_refused)
{
    struct terms other;

    ck_assert(!terms_init(&other, "klingon", &err));
    ck_assert_int_eq(err.code, ERR_INVALID);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("terms");
    TCase *tc = tcase_create("all");
    SRunner *sr = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, words_are_folded_and_stemmed);
    tcase_add_test(tc, each_language_has_its_own_stems);
    tcase_add_test(tc, a_language_without_a_stemmer_keeps_words_as_they_are);
    tcase_add_test(tc, single_letters_are_no_words);
    tcase_add_test(tc, scripts_without_spaces_give_pairs_of_characters);
    tcase_add_test(tc, fields_count_as_the_header_says);
    tcase_add_test(tc, keys_ascend);
    tcase_add_test(tc, text_that_is_not_utf8_gives_no_words);
    tcase_add_test(tc, a_name_with_control_characters_is_not_shown);
    tcase_add_test(tc, an_unknown_default_language_is_refused);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
