/*
 * span.h -- borrowed bytes: a pointer and a length that travel together.
 *
 * Ownership  never owns; valid as long as what it points into.
 * Shape      not NUL-terminated; `at` may be NULL when bytes is 0.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const char *at;
    size_t bytes;
};

#define SPAN(literal) ((struct span){"" literal, sizeof(literal) - 1})
/* For printf("%.*s", SPAN_ARGS(s)). */
#define SPAN_ARGS(s) (int)(s).bytes, (s).at

static inline struct span span_of(const char *text)
{
    return (struct span){text, text ? strlen(text) : 0};
}

static inline bool span_equal(struct span a, struct span b)
{
    return a.bytes == b.bytes && (!a.bytes || !memcmp(a.at, b.at, a.bytes));
}

static inline bool span_is(struct span a, const char *text)
{
    return span_equal(a, span_of(text));
}

/* The same letters, ASCII case folded. */
bool span_is_nocase(struct span a, const char *text);

bool span_starts(struct span a, const char *prefix);

/* Without ASCII white space at both ends. */
struct span span_trim(struct span a);

/*
 * Cuts *rest at the first `mark`: *head is what stood before it, *rest what
 * stands behind. Without a mark *head is all, *rest empty. False only when
 * *rest was already used up (at == NULL).
 */
bool span_cut(struct span *rest, char mark, struct span *head);

/* The whole span as a decimal number, no sign, no space, no overflow. */
bool span_u64(struct span a, uint64_t *out);
/* The same with an optional leading minus. */
bool span_i64(struct span a, int64_t *out);
