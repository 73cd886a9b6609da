#include "feed_answer.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

enum {
    SAID_BYTES = 4000, /* Check takes about 8000 */
    TRIES = 5,
};

size_t feed_count(const struct answer *a)
{
    struct json posts = answer_array(a, "posts");

    return json_count(&posts);
}

struct json feed_post(const struct answer *a, size_t i)
{
    struct json posts = answer_array(a, "posts");

    return json_at(&posts, i);
}

static struct span text_of(const struct answer *a, size_t i, const char *key)
{
    struct json post = feed_post(a, i);
    struct span text;
    struct err err;

    ck_assert_msg(json_find_text(&post, key, &text, NULL, &err), "%s",
                  err.what);
    return text;
}

unsigned feed_number(const struct answer *a, size_t i)
{
    struct uuid id;

    ck_assert(uuid_find(text_of(a, i, "id"), &id));
    return test_number(id);
}

int64_t feed_position(const struct answer *a, size_t i)
{
    struct json post = feed_post(a, i);
    int64_t position = 0;
    struct err err;

    ck_assert_msg(
        json_find_i64(&post, "position", 1, INT64_MAX, &position, NULL, &err),
        "%s", err.what);
    return position;
}

struct span feed_rung(const struct answer *a, size_t i)
{
    return text_of(a, i, "source");
}

bool feed_gives(const struct answer *a, unsigned number)
{
    for (size_t i = 0; i < feed_count(a); i++)
        if (feed_number(a, i) == number)
            return true;
    return false;
}

bool feed_says(const struct answer *a, const char *reason)
{
    return reason ? !answer_is_null(a, "fallback_reason") &&
                        span_is(answer_text(a, "fallback_reason"), reason)
                  : answer_is_null(a, "fallback_reason");
}

bool feed_is_from(const struct answer *a, const char *source)
{
    return span_is(answer_text(a, "source"), source);
}

/* The first post that his neighbours recommend. */
static bool is_own(const struct answer *a)
{
    return feed_count(a) && feed_number(a, 0) == CORPUS_LIKED + 1 &&
           span_is(feed_rung(a, 0), "neighbours");
}

bool feed_is_personal(const struct answer *a)
{
    return feed_says(a, NULL) && feed_is_from(a, "ml_recommendations") &&
           is_own(a);
}

bool feed_is_recalled(const struct answer *a)
{
    return (feed_says(a, "timeout") || feed_says(a, "database_down")) &&
           feed_is_from(a, "random_fallback") && is_own(a);
}

void feed_ask(const struct worker *w, const char *bearer, const char *query,
              struct answer *a)
{
    worker_ask(w, &(struct ask){.query = query, .bearer = bearer}, a);
    ck_assert_msg(a->status == 200, "%s: %.*s", query, SPAN_ARGS(a->raw.body));
    for (size_t i = 0; i < feed_count(a); i++)
        for (size_t j = 0; j < i; j++)
            ck_assert_msg(feed_number(a, i) != feed_number(a, j), "%u twice",
                          feed_number(a, i));
}

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* "reason: rung 4, rung 17, ..." */
static const char *summary_of(const struct answer *a)
{
    static char text[SAID_BYTES];
    size_t used = (size_t)snprintf(
        text, sizeof text, "%.*s:",
        SPAN_ARGS(feed_says(a, NULL) ? SPAN("null")
                                     : answer_text(a, "fallback_reason")));

    for (size_t i = 0; i < feed_count(a) && used < sizeof text; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, " %.*s %u,",
                                 SPAN_ARGS(feed_rung(a, i)), feed_number(a, i));
    return text;
}

int64_t feed_usual_us(const struct worker *w, const char *bearer,
                      const char *query, bool (*holds)(const struct answer *a))
{
    int64_t took_us[TRIES];
    struct answer a;

    for (int i = 0; i < TRIES; i++) {
        int64_t start_us = clock_mono_us();
        feed_ask(w, bearer, query, &a);
        took_us[i] = clock_mono_us() - start_us;
        ck_assert_msg(holds(&a), "%s", summary_of(&a));
        answer_release(&a);
    }
    qsort(took_us, TRIES, sizeof *took_us, by_time);
    return took_us[TRIES / 2];
}

int64_t feed_await(const struct worker *w, const char *bearer,
                   const char *query, bool (*holds)(const struct answer *a),
                   int64_t within_us)
{
    int64_t start_us = clock_mono_us(), took_us;
    struct answer a;
    bool held;

    do {
        feed_ask(w, bearer, query, &a);
        took_us = clock_mono_us() - start_us;
        held = holds(&a);
        ck_assert_msg(held || took_us < within_us, "not within %lld us: %s",
                      (long long)within_us, summary_of(&a));
        answer_release(&a);
    } while (!held);
    return took_us;
}
