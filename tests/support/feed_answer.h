/*
 * feed_answer.h -- what stands in an answer of GET /api/feeds, in the world of
 * corpus.h. A member that is missing fails the test.
 */
#pragma once

#include "corpus.h"

size_t feed_count(const struct answer *a);
/* n of the i-th post's id test_id(n). */
unsigned feed_number(const struct answer *a, size_t i);
int64_t feed_position(const struct answer *a, size_t i);
struct json feed_post(const struct answer *a, size_t i);
/* "neighbours", ... */
struct span feed_rung(const struct answer *a, size_t i);
bool feed_gives(const struct answer *a, unsigned number);
/* Whether fallback_reason is this; NULL: null. */
bool feed_says(const struct answer *a, const char *reason);
bool feed_is_from(const struct answer *a, const char *source);

/* What corpus.h promises its reader: in full; from his row of the model while
 * the database is away. */
bool feed_is_personal(const struct answer *a);
bool feed_is_recalled(const struct answer *a);

/* As a reader; anything but 200, or a post given twice, fails the test. */
void feed_ask(const struct worker *w, const char *bearer, const char *query,
              struct answer *a);

/* Asks some times; each answer must hold. The median of their times: the
 * machine may be busy now and then, not half of the time. */
int64_t feed_usual_us(const struct worker *w, const char *bearer,
                      const char *query, bool (*holds)(const struct answer *a));

/* Asks again and again until `holds` is true of an answer; fails the test when
 * that takes over within_us. Returns how long it took. */
int64_t feed_await(const struct worker *w, const char *bearer,
                   const char *query, bool (*holds)(const struct answer *a),
                   int64_t within_us);
