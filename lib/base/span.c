#include "base/span.h"

#include <strings.h>

bool span_is_nocase(struct span a, const char *text)
{
    return a.bytes == strlen(text) && !strncasecmp(a.at, text, a.bytes);
}

bool span_starts(struct span a, const char *prefix)
{
    size_t bytes = strlen(prefix);

    return a.bytes >= bytes && !memcmp(a.at, prefix, bytes);
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct span span_trim(struct span a)
{
    while (a.bytes && is_space(a.at[0])) {
        a.at++;
        a.bytes--;
    }
    while (a.bytes && is_space(a.at[a.bytes - 1]))
        a.bytes--;
    return a;
}

bool span_cut(struct span *rest, char mark, struct span *head)
{
    const char *end;

    if (!rest->at)
        return false;
    end = rest->bytes ? memchr(rest->at, mark, rest->bytes) : NULL;
    if (!end) {
        *head = *rest;
        *rest = (struct span){NULL, 0};
        return true;
    }
    *head = (struct span){rest->at, (size_t)(end - rest->at)};
    *rest = (struct span){end + 1, rest->bytes - head->bytes - 1};
    return true;
}

bool span_u64(struct span a, uint64_t *out)
{
    uint64_t value = 0;

    if (!a.bytes)
        return false;
    for (size_t i = 0; i < a.bytes; i++) {
        unsigned digit = (unsigned char)a.at[i] - (unsigned)'0';
        if (digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *out = value;
    return true;
}

bool span_i64(struct span a, int64_t *out)
{
    bool minus = a.bytes && a.at[0] == '-';
    uint64_t size;

    if (minus) {
        a.at++;
        a.bytes--;
    }
    if (!span_u64(a, &size) || size > (uint64_t)INT64_MAX + minus)
        return false;
    *out = minus ? (int64_t)(0 - size) : (int64_t)size;
    return true;
}
