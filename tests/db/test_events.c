#include <check.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "../support/test_db.h"
#include "base/uuid.h"
#include "store/events.h"
#include "store/history.h"
#include "store/posts.h"

#define MUST(call) ck_assert_msg((call), "%s", err.what)

enum { BATCH = 20, WRITERS = 5, POSTS = 40 };

#define NOW_MS INT64_C(1700000000000)

static struct db db;
static struct err err;
static enum event_fate fates[EVENTS_MOST];

static void set_up(void)
{
    test_db_open(&db);
    test_db_empty(&db);
    test_db_run(&db, "INSERT INTO posts (id, title) SELECT "
                     "('00000000-0000-4000-8000-' || lpad(i::text, 12, '0'))"
                     "::uuid, 'post' FROM generate_series(1, 40) AS g (i)");
}

static void tear_down(void)
{
    db_release(&db);
}

static struct event_row event(unsigned id, unsigned post, const char *type)
{
    return (struct event_row){.id = test_id(id),
                              .post = test_id(post),
                              .type = span_of(type),
                              .at_ms = NOW_MS + id,
                              .client_at_ms = DB_NONE_I64};
}

static struct event_row view(unsigned id, unsigned post, unsigned request)
{
    struct event_row row = event(id, post, "view");

    row.attributed = true;
    row.shown = (struct event_attribution){.request = test_id(request),
                                           .propensity = NAN};
    return row;
}

static bool insert(unsigned user, const struct event_row *rows, size_t count)
{
    return events_insert(&db, test_id(user), rows, count, NOW_MS + 5000,
                         test_db_soon(), fates, &err);
}

static int64_t stored(void)
{
    return test_db_number(&db, "SELECT count(*) FROM user_interactions");
}

START_TEST(each_event_has_its_own_fate)
{
    const struct event_row first[] = {event(100, 1, "view")};
    const struct event_row rows[] = {
        event(101, 1, "click"), event(100, 1, "view"), event(102, 999, "view"),
        event(103, 2, "SHOUT"), event(104, 2, "like"),
    };

    MUST(insert(500, first, 1));
    MUST(insert(500, rows, 5));
    ck_assert_int_eq(fates[0], FATE_STORED);
    ck_assert_int_eq(fates[1], FATE_DUPLICATE);
    ck_assert_int_eq(fates[2], FATE_UNKNOWN_POST);
    ck_assert_int_eq(fates[3], FATE_REFUSED);
    ck_assert_int_eq(fates[4], FATE_STORED);
    ck_assert_int_eq(stored(), 3);
}
END_TEST

START_TEST(every_column_is_kept)
{
    struct event_row row = event(100, 1, "view");

    row.client_at_ms = NOW_MS - 7000;
    row.metadata = SPAN("{\"dwell_ms\": 1200}");
    row.attributed = true;
    row.shown = (struct event_attribution){.request = test_id(9),
                                           .position = 3,
                                           .source = SPAN("neighbours"),
                                           .arm = SPAN("personalised"),
                                           .model_version = SPAN("v1"),
                                           .propensity = 0.25f};
    MUST(insert(500, &row, 1));
    ck_assert_str_eq(
        test_db_text(
            &db,
            "SELECT concat_ws(' ', right(user_id::text, 3), interaction_type, "
            "extract(epoch FROM created_at) * 1000, "
            "extract(epoch FROM received_at) * 1000, "
            "extract(epoch FROM client_at) * 1000, metadata, "
            "right(request_id::text, 1), position, source, arm, "
            "model_version, propensity) FROM user_interactions"),
        "500 view 1700000000100.000000 1700000005000.000000 "
        "1699999993000.000000 {\"dwell_ms\": 1200} 9 3 neighbours "
        "personalised v1 0.25");
}
END_TEST

START_TEST(what_is_not_known_is_null)
{
    struct event_row row = event(100, 1, "like");

    row.client_at_ms = INT64_MAX; /* a clock that says nonsense */
    MUST(insert(500, &row, 1));
    ck_assert_int_eq(fates[0], FATE_STORED);
    ck_assert_int_eq(
        test_db_number(
            &db,
            "SELECT num_nulls(client_at, request_id, position, source, arm, "
            "model_version, propensity) FROM user_interactions "
            "WHERE metadata = '{}'"),
        7);
}
END_TEST

START_TEST(the_reader_gets_a_row_with_the_first_event)
{
    const struct event_row known = event(100, 1, "view");
    const struct event_row unknown = event(101, 999, "view");

    MUST(insert(501, &unknown, 1));
    ck_assert_int_eq(test_db_number(&db, "SELECT count(*) FROM users"), 0);
    MUST(insert(501, &known, 1));
    ck_assert_int_eq(test_db_number(&db, "SELECT count(*) FROM users"), 1);
}
END_TEST

START_TEST(an_id_twice_in_one_batch_is_stored_once)
{
    const struct event_row rows[] = {
        event(100, 1, "view"), event(101, 2, "view"), event(100, 2, "like")};

    MUST(insert(500, rows, 3));
    ck_assert_int_eq(fates[0], FATE_STORED);
    ck_assert_int_eq(fates[1], FATE_STORED);
    ck_assert_int_eq(fates[2], FATE_DUPLICATE);
    ck_assert_int_eq(stored(), 2);
}
END_TEST

START_TEST(a_view_counts_once_for_each_showing)
{
    const struct event_row rows[] = {view(100, 1, 900), view(101, 1, 900),
                                     view(102, 2, 900), view(103, 1, 901)};
    const struct event_row later = view(104, 2, 900);
    struct event_row click = view(105, 1, 900);

    MUST(insert(500, rows, 4));
    ck_assert_int_eq(fates[0], FATE_STORED);
    ck_assert_int_eq(fates[1], FATE_DUPLICATE);
    ck_assert_int_eq(fates[2], FATE_STORED);
    ck_assert_int_eq(fates[3], FATE_STORED);
    MUST(insert(500, &later, 1));
    ck_assert_int_eq(fates[0], FATE_DUPLICATE);
    MUST(insert(501, &later, 1)); /* another reader's */
    ck_assert_int_eq(fates[0], FATE_STORED);
    click.type = SPAN("click");
    MUST(insert(500, &click, 1));
    ck_assert_int_eq(fates[0], FATE_STORED);
}
END_TEST

START_TEST(views_without_a_showing_all_count)
{
    const struct event_row rows[] = {event(100, 1, "view"),
                                     event(101, 1, "view")};

    MUST(insert(500, rows, 2));
    ck_assert_int_eq(stored(), 2);
}
END_TEST

static const char *const poison[] = {
    "{\"a\": \"\\u0000\"}", "{", "[1]", "7", "{\"a\": \"\xff\"}",
    "{\"n\": 1e999999}",
};

START_TEST(metadata_postgresql_refuses_harms_no_other_event)
{
    struct event_row rows[BATCH];

    for (unsigned i = 0; i < BATCH; i++)
        rows[i] = event(100 + i, 1 + i, "view");
    rows[13].metadata = span_of(poison[_i]);
    MUST(insert(500, rows, BATCH));
    for (unsigned i = 0; i < BATCH; i++)
        ck_assert_int_eq(fates[i], i == 13 ? FATE_REFUSED : FATE_STORED);
    ck_assert_int_eq(stored(), BATCH - 1);
}
END_TEST

START_TEST(a_time_that_is_no_date_is_refused_alone)
{
    struct event_row rows[] = {event(100, 1, "view"), event(101, 2, "view")};

    rows[0].at_ms = INT64_MAX;
    MUST(insert(500, rows, 2));
    ck_assert_int_eq(fates[0], FATE_REFUSED);
    ck_assert_int_eq(fates[1], FATE_STORED);
}
END_TEST

START_TEST(a_nil_id_is_an_id_like_any_other)
{
    struct event_row row = event(100, 1, "view");

    row.id = (struct uuid){{0}};
    MUST(insert(500, &row, 1));
    ck_assert_int_eq(fates[0], FATE_STORED);
    MUST(insert(500, &row, 1));
    ck_assert_int_eq(fates[0], FATE_DUPLICATE);
}
END_TEST

START_TEST(an_empty_batch_is_fine_and_too_large_a_one_is_not)
{
    MUST(insert(500, NULL, 0));
    ck_assert(!insert(500, NULL, EVENTS_MOST + 1));
    ck_assert_int_eq(err.code, ERR_LIMIT);
}
END_TEST

START_TEST(the_largest_batch_goes_in_one_statement)
{
    struct event_row *rows = calloc(EVENTS_MOST, sizeof *rows);

    ck_assert_ptr_nonnull(rows);
    for (unsigned i = 0; i < EVENTS_MOST; i++)
        rows[i] = event(1000 + i, 1 + i % POSTS, "click");
    MUST(insert(500, rows, EVENTS_MOST));
    ck_assert_int_eq(test_db_number(&db,
                                    "SELECT count(DISTINCT xmin::text) FROM "
                                    "user_interactions"),
                     1);
    ck_assert_int_eq(stored(), EVENTS_MOST);
    free(rows);
}
END_TEST

/* PostgreSQL plans five times for the values given, then once for all. */
START_TEST(the_plan_of_a_batch_is_kept)
{
    enum { ROUNDS = 8, PLANNED = 5 };
    struct event_row rows[BATCH];

    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < BATCH; i++)
            rows[i] = view(100 + round * BATCH + i, 1 + i, 900 + round);
        MUST(insert(500, rows, BATCH));
    }
    ck_assert_int_eq(
        test_db_number(&db, "SELECT custom_plans FROM pg_prepared_statements "
                            "WHERE statement LIKE '%INTO user_interactions%'"),
        PLANNED);
}
END_TEST

START_TEST(a_deleted_post_is_still_known)
{
    const struct event_row row = event(100, 1, "hide");

    test_db_run(&db, "UPDATE posts SET deleted_at = now()");
    MUST(insert(500, &row, 1));
    ck_assert_int_eq(fates[0], FATE_STORED);
}
END_TEST

/* One of several writers with connections of their own. */
struct writer {
    pthread_t thread;
    const struct event_row *rows;
    size_t count;
    unsigned user;
    int rounds;
    bool ok;
    size_t fates[FATE_REFUSED + 1];
    struct err err;
};

static void *write_rounds(void *arg)
{
    struct writer *w = arg;
    struct db own;
    enum event_fate mine[BATCH];

    test_db_open(&own);
    w->ok = true;
    for (int i = 0; i < w->rounds && w->ok; i++) {
        w->ok = events_insert(&own, test_id(w->user), w->rows, w->count, NOW_MS,
                              test_db_soon(), mine, &w->err);
        for (size_t k = 0; k < w->count && w->ok; k++)
            w->fates[mine[k]]++;
    }
    db_release(&own);
    return NULL;
}

static void write_all(struct writer *w, int count)
{
    for (int i = 0; i < count; i++)
        ck_assert(!pthread_create(&w[i].thread, NULL, write_rounds, &w[i]));
    for (int i = 0; i < count; i++)
        pthread_join(w[i].thread, NULL);
    for (int i = 0; i < count; i++)
        ck_assert_msg(w[i].ok, "%s", w[i].err.what);
}

START_TEST(the_same_twenty_events_five_times_in_parallel_are_twenty_rows)
{
    struct event_row rows[BATCH];
    struct writer all[WRITERS] = {0};
    size_t new = 0, old = 0;

    for (unsigned i = 0; i < BATCH; i++)
        rows[i] = view(100 + i * 7 % BATCH, 1 + i, 900);
    for (int i = 0; i < WRITERS; i++)
        all[i] = (struct writer){
            .rows = rows, .count = BATCH, .user = 500, .rounds = 1};
    write_all(all, WRITERS);
    for (int i = 0; i < WRITERS; i++) {
        new += all[i].fates[FATE_STORED];
        old += all[i].fates[FATE_DUPLICATE];
    }
    ck_assert_uint_eq(new, BATCH);
    ck_assert_uint_eq(old, (WRITERS - 1) * BATCH);
    ck_assert_int_eq(stored(), BATCH);
}
END_TEST

/*
 * Two tabs report the same showings under ids that sort the other way round:
 * locked in the order of the ids, the batches would wait for each other.
 */
START_TEST(batches_that_share_views_in_opposite_order_do_not_deadlock)
{
    enum { ROUNDS = 40 };

    for (unsigned round = 0; round < ROUNDS; round++) {
        struct event_row up[BATCH], down[BATCH];
        struct writer both[2] = {0};

        for (unsigned i = 0; i < BATCH; i++) {
            unsigned base = 10000 + round * 1000;

            up[i] = view(base + i, 1 + i, 900 + round);
            down[i] = view(base + 500 + i, BATCH - i, 900 + round);
        }
        both[0] = (struct writer){
            .rows = up, .count = BATCH, .user = 500, .rounds = 1};
        both[1] = (struct writer){
            .rows = down, .count = BATCH, .user = 500, .rounds = 1};
        write_all(both, 2);
        ck_assert_uint_eq(
            both[0].fates[FATE_STORED] + both[1].fates[FATE_STORED], BATCH);
    }
    ck_assert_int_eq(test_db_number(&db,
                                    "SELECT deadlocks FROM pg_stat_database "
                                    "WHERE datname = current_database()"),
                     0);
}
END_TEST

START_TEST(a_history_is_newest_first_and_skips_unknown_words)
{
    const struct event_row rows[] = {
        event(100, 1, "view"),
        event(101, 2, "bookmark"),
        event(102, 3, "like"),
        event(103, 4, "share"),
    };
    struct history_event out[10];
    size_t count;

    MUST(insert(500, rows, 4));
    MUST(
        history_load(&db, test_id(500), 10, test_db_soon(), out, &count, &err));
    ck_assert_uint_eq(count, 3);
    ck_assert(uuid_equal(out[0].post, test_id(4)));
    ck_assert_int_eq(out[0].type, EVENT_SHARE);
    ck_assert_int_eq(out[0].at_ms, NOW_MS + 103);
    ck_assert_int_eq(out[1].type, EVENT_LIKE);
    ck_assert_int_eq(out[2].type, EVENT_VIEW);
    MUST(history_load(&db, test_id(500), 1, test_db_soon(), out, &count, &err));
    ck_assert_uint_eq(count, 1);
    ck_assert_int_eq(out[0].type, EVENT_SHARE);
}
END_TEST

START_TEST(events_of_one_millisecond_keep_one_order)
{
    struct event_row rows[3] = {event(102, 1, "view"), event(100, 2, "view"),
                                event(101, 3, "view")};
    struct history_event out[3];
    size_t count;

    for (int i = 0; i < 3; i++)
        rows[i].at_ms = NOW_MS;
    MUST(insert(500, rows, 3));
    MUST(history_load(&db, test_id(500), 3, test_db_soon(), out, &count, &err));
    ck_assert(uuid_equal(out[0].post, test_id(1)));
    ck_assert(uuid_equal(out[1].post, test_id(3)));
    ck_assert(uuid_equal(out[2].post, test_id(2)));
}
END_TEST

START_TEST(a_reader_without_events_has_an_empty_history)
{
    struct history_event out[1];
    size_t count = 7;

    MUST(
        history_load(&db, test_id(9999), 1, test_db_soon(), out, &count, &err));
    ck_assert_uint_eq(count, 0);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("events");
    Suite *s = suite_create("events");
    SRunner *sr = srunner_create(s);
    int failed;

    test_db_create();
    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, each_event_has_its_own_fate);
    tcase_add_test(tc, every_column_is_kept);
    tcase_add_test(tc, what_is_not_known_is_null);
    tcase_add_test(tc, the_reader_gets_a_row_with_the_first_event);
    tcase_add_test(tc, an_id_twice_in_one_batch_is_stored_once);
    tcase_add_test(tc, a_view_counts_once_for_each_showing);
    tcase_add_test(tc, views_without_a_showing_all_count);
    tcase_add_loop_test(tc, metadata_postgresql_refuses_harms_no_other_event, 0,
                        sizeof poison / sizeof *poison);
    tcase_add_test(tc, a_time_that_is_no_date_is_refused_alone);
    tcase_add_test(tc, a_nil_id_is_an_id_like_any_other);
    tcase_add_test(tc, an_empty_batch_is_fine_and_too_large_a_one_is_not);
    tcase_add_test(tc, the_largest_batch_goes_in_one_statement);
    tcase_add_test(tc, the_plan_of_a_batch_is_kept);
    tcase_add_test(tc, a_deleted_post_is_still_known);
    tcase_add_test(
        tc, the_same_twenty_events_five_times_in_parallel_are_twenty_rows);
    tcase_add_test(tc,
                   batches_that_share_views_in_opposite_order_do_not_deadlock);
    tcase_add_test(tc, a_history_is_newest_first_and_skips_unknown_words);
    tcase_add_test(tc, events_of_one_millisecond_keep_one_order);
    tcase_add_test(tc, a_reader_without_events_has_an_empty_history);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
