#include "web/json_escape.h"

enum {
    UNIT_DIGITS = 4,
    HIGH_FIRST = 0xd800,
    LOW_FIRST = 0xdc00,
    LOW_LAST = 0xdfff,
    PAIR_FIRST = 0x10000,
    HALF_BITS = 10,
};

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= ' '; /* fold to lower case */
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The value of \uXXXX at `at`; -1 when there is none. */
static int unit_at(const char *at, const char *end)
{
    int unit = 0;

    if (end - at < JSON_ESCAPE_UNIT || at[0] != '\\' || at[1] != 'u')
        return -1;
    for (int i = 0; i < UNIT_DIGITS; i++) {
        int digit = digit_of(at[2 + i]);

        if (digit < 0)
            return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

static bool is_high(int unit)
{
    return unit >= HIGH_FIRST && unit < LOW_FIRST;
}

static bool is_low(int unit)
{
    return unit >= LOW_FIRST && unit <= LOW_LAST;
}

static struct json_escape unit_escape(const char *at, const char *end)
{
    int unit = unit_at(at, end);
    int next = is_high(unit) ? unit_at(at + JSON_ESCAPE_UNIT, end) : -1;

    if (unit < 0)
        return (struct json_escape){0};
    if (is_low(next))
        return (struct json_escape){
            2 * JSON_ESCAPE_UNIT,
            PAIR_FIRST + ((uint32_t)(unit - HIGH_FIRST) << HALF_BITS) +
                (uint32_t)(next - LOW_FIRST),
            false};
    if (is_high(unit) || is_low(unit))
        return (struct json_escape){JSON_ESCAPE_UNIT, JSON_REPLACEMENT, true};
    return (struct json_escape){JSON_ESCAPE_UNIT, (uint32_t)unit, false};
}

struct json_escape json_escape_at(const char *at, const char *end)
{
    uint32_t point;

    if (end - at < 2)
        return (struct json_escape){0};
    switch (at[1]) {
    case 'u':
        return unit_escape(at, end);
    case '"':
    case '\\':
    case '/':
        point = (uint32_t)at[1];
        break;
    case 'b':
        point = '\b';
        break;
    case 'f':
        point = '\f';
        break;
    case 'n':
        point = '\n';
        break;
    case 'r':
        point = '\r';
        break;
    case 't':
        point = '\t';
        break;
    default:
        return (struct json_escape){0};
    }
    return (struct json_escape){2, point, false};
}
