/* The demo's cover pictures; their looks were judged by eye. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../jobs/cover.c"
#include "../../jobs/cover_craft.c"
#include "../../jobs/cover_mind.c"
#include "../../jobs/cover_nature.c"
#include "../../jobs/cover_pen.c"

enum { LEAST_BYTES = 1024, MOST_BYTES = 6144, DEPTH_MOST = 16 };

static const char *const topics[] = {
    "gardening", "astronomy",   "baking", "cycling",     "woodworking", "music",
    "history",   "programming", "birds",  "photography", "sailing",     "chess",
};

static struct uuid id_of(const char *topic, int number)
{
    char name[64];

    snprintf(name, sizeof name, "%s-%d", topic, number);
    return uuid_v5((struct uuid){{0}}, span_of(name));
}

static struct buf drawn(const char *topic, int number)
{
    struct buf out;

    buf_init(&out, 1 << 20);
    cover_draw(&out, span_of(topic), id_of(topic, number));
    ck_assert(!out.failed);
    buf_char(&out, 0);
    return out;
}

/* Walks the tags: every one is closed, in order, with quoted attributes. */
static void assert_well_formed(const char *at)
{
    struct span open[DEPTH_MOST];
    int depth = 0, roots = 0;

    while ((at = strchr(at, '<'))) {
        const char *name = ++at;
        bool closes = *at == '/';
        size_t bytes;
        if (closes)
            name = ++at;
        bytes = strspn(name, "abcdefghijklmnopqrstuvwxyzRG");
        ck_assert_uint_gt(bytes, 0);
        for (bool quoted = false; quoted || *at != '>'; at++) {
            ck_assert(*at && *at != '<' && *at != '&');
            quoted ^= *at == '"';
        }
        if (closes) {
            ck_assert_int_gt(depth, 0);
            depth--;
            ck_assert(span_equal(open[depth], (struct span){name, bytes}));
        } else if (at[-1] != '/') {
            roots += !depth;
            ck_assert_int_lt(depth, DEPTH_MOST);
            open[depth++] = (struct span){name, bytes};
        }
    }
    ck_assert_int_eq(depth, 0);
    ck_assert_int_eq(roots, 1);
}

START_TEST(cover_is_well_formed_and_small)
{
    for (int i = 0; i < 60; i++) {
        struct buf b = drawn(topics[_i], i);
        ck_assert(!strncmp(b.at,
                           "<svg xmlns=\"http://www.w3.org/2000/svg\" "
                           "viewBox=\"0 0 1200 630\"",
                           60));
        assert_well_formed(b.at);
        ck_assert_uint_gt(b.bytes, LEAST_BYTES);
        ck_assert_uint_le(b.bytes, MOST_BYTES);
        ck_assert(!strstr(b.at, "nan") && !strstr(b.at, "inf"));
        ck_assert(!strstr(b.at, "script") && !strstr(b.at, "<text"));
        buf_release(&b);
    }
}
END_TEST

START_TEST(cover_of_the_same_post_is_the_same)
{
    struct buf a = drawn("chess", 1), b = drawn("chess", 1);

    ck_assert(span_equal(buf_view(&a), buf_view(&b)));
    buf_release(&a);
    buf_release(&b);
}
END_TEST

START_TEST(covers_of_two_posts_differ)
{
    struct buf a = drawn("chess", 1), b = drawn("chess", 2);

    ck_assert(!span_equal(buf_view(&a), buf_view(&b)));
    buf_release(&a);
    buf_release(&b);
}
END_TEST

START_TEST(cover_of_an_unknown_topic_is_drawn_all_the_same)
{
    struct buf b = drawn("knitting", 1);

    assert_well_formed(b.at);
    buf_release(&b);
}
END_TEST

/* A copy of one shape refers to a shape of the same picture. */
START_TEST(cover_refers_only_to_its_own_shapes)
{
    for (int i = 0; i < 60; i++) {
        struct buf b = drawn(topics[_i], i);
        for (const char *at = b.at; (at = strstr(at, "href=\"")); at += 6) {
            char wanted[16];
            ck_assert_int_eq(at[6], '#');
            snprintf(wanted, sizeof wanted, " id=\"%c\"", at[7]);
            ck_assert_ptr_nonnull(strstr(b.at, wanted));
        }
        for (const char *at = b.at; (at = strstr(at, "url(")); at += 4) {
            char wanted[16];
            ck_assert_int_eq(at[4], '#');
            snprintf(wanted, sizeof wanted, " id=\"%c\"", at[5]);
            ck_assert_ptr_nonnull(strstr(b.at, wanted));
        }
        buf_release(&b);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("cover");
    TCase *tc = tcase_create("cover");
    SRunner *sr = srunner_create(s);
    int failed, count = sizeof topics / sizeof topics[0];

    tcase_add_loop_test(tc, cover_is_well_formed_and_small, 0, count);
    tcase_add_loop_test(tc, cover_refers_only_to_its_own_shapes, 0, count);
    tcase_add_test(tc, cover_of_the_same_post_is_the_same);
    tcase_add_test(tc, covers_of_two_posts_differ);
    tcase_add_test(tc, cover_of_an_unknown_topic_is_drawn_all_the_same);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
