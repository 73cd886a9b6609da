#include "support/algorithm_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

float scores[FIXTURE_POSTS_MOST];
struct fit_input fit_input;

static struct matrix matrix;
static uint8_t weight_of[2 * MASK_COUNT];
static const struct algorithm *algorithm;
static void *state, *room;
static struct err err;

void world(const char *users, uint32_t post_count)
{
    static const struct weights plain = {1, 3, 7, 10, false};
    struct interactions in;
    uint32_t user = 0;

    interactions_init(&in);
    for (; *users; users++)
        if (*users == ' ')
            user++;
        else
            ck_assert(interactions_add(&in, user, (uint32_t)(*users - '0'),
                                       EVENT_VIEW, 1, &err));
    ck_assert(
        interactions_fold(&in, &plain, user + 1, post_count, &matrix, &err));
    weights_table(&plain, weight_of);
    fit_input = (struct fit_input){
        .matrix = &matrix, .weight_of = weight_of, .seed = 1, .threads = 1};
}

static double value_of(const struct algorithm_setting *s, const char *settings)
{
    size_t bytes = strlen(s->name);

    for (const char *at = settings; (at = strstr(at, s->name)); at++)
        if ((at == settings || at[-1] == ' ') && at[bytes] == '=')
            return strtod(at + bytes + 1, NULL);
    return s->value;
}

void fit(const struct algorithm *a, const char *settings)
{
    double values[ALGORITHM_SETTINGS_MOST];

    algorithm = a;
    for (unsigned i = 0; a->settings[i].name; i++)
        values[i] = value_of(&a->settings[i], settings);
    ck_assert_msg(a->fit(&fit_input, values, &state, &err), "%s", err.what);
    ck_assert(a->room_open(state, &room, &err));
}

void ask_as(uint32_t self, const char *posts)
{
    struct query_post history[FIXTURE_POSTS_MOST];
    struct query q = {.self = self, .posts = history};

    for (; *posts; posts++)
        history[q.count++] = (struct query_post){
            .post = (uint32_t)(*posts - '0'), .mask = MASK_VIEW};
    algorithm->score(state, room, &q, scores);
}

void ask(const char *posts)
{
    ask_as(ORDINAL_NONE, posts);
}

void leave(void)
{
    algorithm->room_close(room);
    algorithm->release(state);
    matrix_release(&matrix);
}

int run_tests(const char *name, const TTest *const *tests, size_t count)
{
    TCase *tc = tcase_create("all");
    Suite *suite = suite_create(name);
    SRunner *sr = srunner_create(suite);
    int failed;

    for (size_t i = 0; i < count; i++)
        tcase_add_test(tc, tests[i]);
    suite_add_tcase(suite, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
