/* The demo's world as a pure function. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "../support/program.h"

#include "../../jobs/demo_live.c"
#include "../../jobs/demo_load.c"
#include "../../jobs/names.c"

enum { EVENTS_MOST = 100000, POSTS_A_TOPIC = 30, TOPICS = 4 };

#define NOW INT64_C(1767225600000)

static struct demo demo;
static struct err err;

struct log {
    struct demo_event *event;
    size_t count;
};

static bool keep(void *arg, const struct demo_event *event)
{
    struct log *log = arg;

    ck_assert_uint_lt(log->count, EVENTS_MOST);
    log->event[log->count++] = *event;
    return true;
}

static struct log live(uint64_t seed, int64_t now_ms)
{
    struct log log = {calloc(EVENTS_MOST, sizeof(struct demo_event)), 0};

    ck_assert_ptr_nonnull(log.event);
    demo_publish(&demo, seed, now_ms);
    ck_assert(demo_live(&demo, seed, now_ms, keep, &log));
    return log;
}

static void write_world(const char *dir)
{
    static const char *const topics[TOPICS] = {"birds", "chess", "music",
                                               "sailing"};
    static char text[1 << 16];
    char name[64];

    for (int t = 0; t < TOPICS; t++) {
        size_t used = 0;
        for (int i = 0; i < POSTS_A_TOPIC; i++)
            used += (size_t)snprintf(
                text + used, sizeof text - used,
                "{\"key\":\"%s-%d\",\"topic\":\"%s\",\"author\":\"A\","
                "\"title\":\"T\",\"body\":\"B\",\"tags\":[\"%s\"]}\n",
                topics[t], i, topics[t], topics[t]);
        snprintf(name, sizeof name, "%s/posts/%s.jsonl", dir, topics[t]);
        program_file(name, (struct span){text, used});
    }
    uuid_text(demo_persona_id(SPAN("Eve")), name);
    snprintf(text, sizeof text,
             "{\"id\":\"%s\",\"name\":\"Eve\",\"taste\":\"chess\",\"about\":"
             "\"x\"}\n",
             name);
    snprintf(name, sizeof name, "%s/readers.jsonl", dir);
    program_file(name, span_of(text));
}

static void set_up(void)
{
    ck_assert_msg(demo_load(&demo, program_path("world"), &err), "%s",
                  err.what);
}

static void tear_down(void)
{
    demo_release(&demo);
}

static const struct demo_post *post_of(struct uuid id)
{
    for (size_t i = 0; i < demo.post_count; i++)
        if (uuid_equal(demo.posts[i].id, id))
            return &demo.posts[i];
    ck_abort_msg("an event names no post");
    return NULL;
}

START_TEST(the_same_seed_and_time_give_the_same_events)
{
    struct log a = live(7, NOW), b = live(7, NOW);

    ck_assert_uint_eq(a.count, b.count);
    for (size_t i = 0; i < a.count; i++) {
        ck_assert(uuid_equal(a.event[i].user, b.event[i].user));
        ck_assert(uuid_equal(a.event[i].post, b.event[i].post));
        ck_assert_int_eq(a.event[i].at_ms, b.event[i].at_ms);
        ck_assert_int_eq(a.event[i].type, b.event[i].type);
    }
    free(a.event);
    free(b.event);
}
END_TEST

START_TEST(another_seed_gives_other_events)
{
    struct log a = live(7, NOW), b = live(8, NOW);

    ck_assert(a.count != b.count ||
              memcmp(a.event, b.event, a.count * sizeof *a.event) != 0);
    free(a.event);
    free(b.event);
}
END_TEST

START_TEST(each_topic_is_spread_evenly_over_the_month)
{
    demo_publish(&demo, (uint64_t)_i, NOW);
    for (uint32_t topic = 0; topic < TOPICS; topic++) {
        int days[DEMO_DAYS] = {0};
        for (size_t i = 0; i < demo.post_count; i++) {
            int64_t age = NOW - demo.posts[i].published_at_ms;
            if (demo.posts[i].topic != topic)
                continue;
            ck_assert_int_gt(age, 0);
            ck_assert_int_le(age, (int64_t)DEMO_DAYS * DAY_MS + 1);
            days[(age - 1) / DAY_MS]++;
        }
        for (int day = 0; day < DEMO_DAYS; day++)
            ck_assert_int_eq(days[day], 1);
    }
}
END_TEST

START_TEST(events_come_after_their_post_before_now_and_in_order)
{
    struct log log = live((uint64_t)_i, NOW);

    for (size_t i = 0; i < log.count; i++) {
        const struct demo_event *e = &log.event[i], *before = e - 1;
        ck_assert_int_gt(e->at_ms, post_of(e->post)->published_at_ms);
        ck_assert_int_lt(e->at_ms, NOW);
        if (e->type == EVENT_VIEW)
            continue;
        /* A step follows the step before it on the same post. */
        ck_assert_uint_gt(i, 0);
        ck_assert(uuid_equal(e->user, before->user));
        ck_assert(uuid_equal(e->post, before->post));
        ck_assert_int_eq(e->type, before->type + 1);
        ck_assert_int_gt(e->at_ms, before->at_ms);
    }
    free(log.event);
}
END_TEST

START_TEST(there_are_more_views_than_clicks_than_likes_than_shares)
{
    struct log log = live(1, NOW);
    size_t count[EVENT_TYPES] = {0};

    for (size_t i = 0; i < log.count; i++)
        count[log.event[i].type]++;
    ck_assert_uint_gt(count[EVENT_VIEW], 2 * count[EVENT_CLICK]);
    ck_assert_uint_gt(count[EVENT_CLICK], count[EVENT_LIKE]);
    ck_assert_uint_gt(count[EVENT_LIKE], 2 * count[EVENT_SHARE]);
    ck_assert_uint_gt(count[EVENT_SHARE], 100);
    free(log.event);
}
END_TEST

START_TEST(a_persona_has_few_events_nearly_all_of_its_taste)
{
    struct log log = live((uint64_t)_i, NOW);
    struct uuid eve = demo_persona_id(SPAN("Eve"));
    int in = 0, out = 0;

    for (size_t i = 0; i < log.count; i++)
        if (uuid_equal(log.event[i].user, eve))
            *(post_of(log.event[i].post)->topic == demo.personas[0].topic
                  ? &in
                  : &out) += 1;
    ck_assert_int_ge(in, 7);
    ck_assert_int_le(in + out, 10);
    ck_assert_int_le(out, 1);
    free(log.event);
}
END_TEST

START_TEST(the_ids_of_the_named_readers_are_those_of_their_names)
{
    struct demo real;

    /* demo_load compares each id with the one derived from the name. */
    ck_assert_msg(demo_load(&real, "ops/demo", &err), "%s", err.what);
    ck_assert_uint_eq(real.persona_count, 12);
    ck_assert_uint_eq(real.topic_count, 12);
    demo_release(&real);
}
END_TEST

static const struct {
    const char *readers, *posts, *says;
} bad[] = {
    {"{\"id\":\"x\",\"name\":\"Eve\",\"taste\":\"t\"}", NULL, "must be"},
    {"{\"name\":\"Eve\",\"taste\":\"t\"}", NULL, "readers.jsonl:1"},
    {"", "{\"key\":\"k\"}", "p.jsonl:1"},
    {"",
     "{\"key\":\"k\",\"topic\":\"t\",\"author\":\"a\",\"title\":\"\","
     "\"body\":\"b\",\"tags\":[]}",
     "/title: empty"},
    {"", "[", "p.jsonl:1"},
};

START_TEST(a_wrong_line_is_named)
{
    static const char good[] =
        "{\"key\":\"k\",\"topic\":\"t\",\"author\":\"a\",\"title\":\"t\","
        "\"body\":\"b\",\"tags\":[]}\n";
    struct demo wrong;
    char name[64];

    snprintf(name, sizeof name, "bad%d/posts/p.jsonl", _i);
    program_file(name, span_of(bad[_i].posts ? bad[_i].posts : good));
    snprintf(name, sizeof name, "bad%d/readers.jsonl", _i);
    program_file(name, span_of(bad[_i].readers));
    snprintf(name, sizeof name, "bad%d", _i);
    ck_assert(!demo_load(&wrong, program_path(name), &err));
    ck_assert_int_eq(err.code, ERR_INVALID);
    ck_assert_msg(strstr(err.what, bad[_i].says) != NULL, "%s", err.what);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("demo");
    TCase *tc = tcase_create("demo");
    SRunner *sr = srunner_create(s);
    int failed;

    program_folder();
    write_world("world");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_set_timeout(tc, 30);
    tcase_add_test(tc, the_same_seed_and_time_give_the_same_events);
    tcase_add_test(tc, another_seed_gives_other_events);
    tcase_add_loop_test(tc, each_topic_is_spread_evenly_over_the_month, 0, 5);
    tcase_add_loop_test(
        tc, events_come_after_their_post_before_now_and_in_order, 0, 5);
    tcase_add_test(tc, there_are_more_views_than_clicks_than_likes_than_shares);
    tcase_add_loop_test(tc, a_persona_has_few_events_nearly_all_of_its_taste, 0,
                        20);
    tcase_add_test(tc, the_ids_of_the_named_readers_are_those_of_their_names);
    tcase_add_loop_test(tc, a_wrong_line_is_named, 0,
                        sizeof bad / sizeof bad[0]);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
