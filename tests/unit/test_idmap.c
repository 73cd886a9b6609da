#include <check.h>
#include <stdlib.h>

#include "base/idmap.h"

static struct idmap m;
static struct err err;

static struct uuid id_of(uint32_t n)
{
    struct uuid id = {{0}};

    memcpy(id.b, &n, sizeof n);
    return id;
}

START_TEST(ids_are_numbered_in_order_of_first_sight)
{
    uint32_t ordinal;

    ck_assert(idmap_init(&m, 0, &err));
    ck_assert(idmap_add(&m, id_of(50), &ordinal, &err));
    ck_assert_uint_eq(ordinal, 0);
    ck_assert(idmap_add(&m, id_of(7), &ordinal, &err));
    ck_assert_uint_eq(ordinal, 1);
    ck_assert(idmap_add(&m, id_of(50), &ordinal, &err));
    ck_assert_uint_eq(ordinal, 0);
    ck_assert_uint_eq(m.count, 2);
    ck_assert(uuid_equal(m.ids[1], id_of(7)));
    idmap_release(&m);
}
END_TEST

START_TEST(an_id_never_added_is_not_found)
{
    uint32_t ordinal = 9;

    ck_assert(idmap_init(&m, 10, &err));
    ck_assert(!idmap_find(&m, id_of(1), &ordinal));
    ck_assert(idmap_add(&m, id_of(2), &ordinal, &err));
    ck_assert(!idmap_find(&m, id_of(1), &ordinal));
    ck_assert(idmap_find(&m, id_of(2), &ordinal));
    ck_assert_uint_eq(ordinal, 0);
    idmap_release(&m);
}
END_TEST

START_TEST(growing_keeps_every_ordinal)
{
    uint32_t ordinal;

    ck_assert(idmap_init(&m, 1, &err));
    for (uint32_t i = 0; i < 10000; i++) {
        ck_assert(idmap_add(&m, id_of(i * 3), &ordinal, &err));
        ck_assert_uint_eq(ordinal, i);
    }
    for (uint32_t i = 0; i < 10000; i++) {
        ck_assert(idmap_find(&m, id_of(i * 3), &ordinal));
        ck_assert_uint_eq(ordinal, i);
        ck_assert(!idmap_find(&m, id_of(i * 3 + 1), &ordinal));
    }
    idmap_release(&m);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("idmap");
    TCase *tc = tcase_create("unit");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_test(tc, ids_are_numbered_in_order_of_first_sight);
    tcase_add_test(tc, an_id_never_added_is_not_found);
    tcase_add_test(tc, growing_keeps_every_ordinal);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
