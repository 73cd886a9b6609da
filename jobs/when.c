#include "when.h"

enum {
    MS_PER_S = 1000,
    S_PER_MIN = 60,
    MIN_PER_H = 60,
    H_PER_DAY = 24,
    MONTHS = 12,
    YEAR_MOST = 9999,
    SECONDS_DIGITS_MOST = 10,
    MS_DIGITS_LEAST = 12,
    MS_DIGITS_MOST = 15,
};

static const int64_t ms_per_day = INT64_C(86400000);

/* Days since 1970 of a Gregorian date; from Hinnant, "chrono-compatible
 * low-level date algorithms", days_from_civil. */
static int64_t days_of(int64_t y, int64_t m, int64_t d)
{
    int64_t era, year_of_era, day_of_year;

    y -= m <= 2;
    era = (y >= 0 ? y : y - 399) / 400;
    year_of_era = y - era * 400;
    day_of_year = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 -
           year_of_era / 100 + day_of_year - 719468;
}

static int64_t days_in_month(int64_t y, int64_t m)
{
    static const int64_t days[MONTHS] = {31, 28, 31, 30, 31, 30,
                                         31, 31, 30, 31, 30, 31};
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;

    return days[m - 1] + (m == 2 && leap);
}

bool when_of_day(int64_t year, int64_t month, int64_t day, int64_t *at_ms)
{
    if (year < 1 || year > YEAR_MOST || month < 1 || month > MONTHS ||
        day < 1 || day > days_in_month(year, month))
        return false;
    *at_ms = days_of(year, month, day) * ms_per_day;
    return true;
}

/* Exactly `count` digits from the front of *rest. */
static bool take_digits(struct span *rest, size_t count, int64_t *out)
{
    *out = 0;
    if (rest->bytes < count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (rest->at[i] < '0' || rest->at[i] > '9')
            return false;
        *out = *out * 10 + (rest->at[i] - '0');
    }
    rest->at += count;
    rest->bytes -= count;
    return true;
}

static bool take_char(struct span *rest, char c)
{
    if (!rest->bytes || *rest->at != c)
        return false;
    rest->at++;
    rest->bytes--;
    return true;
}

/* ".567" and longer or shorter; at least one digit. */
static bool take_fraction(struct span *rest, int64_t *ms)
{
    int64_t worth = MS_PER_S / 10, digits = 0, digit;

    *ms = 0;
    while (take_digits(rest, 1, &digit)) {
        *ms += digit * worth;
        worth /= 10;
        digits++;
    }
    return digits > 0;
}

static bool take_clock(struct span *rest, int64_t *at_ms)
{
    int64_t h, m, s = 0, ms = 0;

    if (!take_digits(rest, 2, &h) || !take_char(rest, ':') ||
        !take_digits(rest, 2, &m))
        return false;
    if (take_char(rest, ':')) {
        if (!take_digits(rest, 2, &s))
            return false;
        if (take_char(rest, '.') && !take_fraction(rest, &ms))
            return false;
    }
    if (h >= H_PER_DAY || m >= MIN_PER_H || s >= S_PER_MIN)
        return false;
    *at_ms += ((h * MIN_PER_H + m) * S_PER_MIN + s) * MS_PER_S + ms;
    return true;
}

/* Nothing, Z, +01:00, +0100 or +01. */
static bool take_offset(struct span *rest, int64_t *at_ms)
{
    int64_t h, m = 0, sign;

    if (!rest->bytes || take_char(rest, 'Z'))
        return !rest->bytes;
    sign = take_char(rest, '-') ? -1 : 1;
    if (sign > 0 && !take_char(rest, '+'))
        return false;
    if (!take_digits(rest, 2, &h))
        return false;
    take_char(rest, ':');
    if (rest->bytes && !take_digits(rest, 2, &m))
        return false;
    if (rest->bytes || h >= H_PER_DAY || m >= MIN_PER_H)
        return false;
    *at_ms -= sign * (h * MIN_PER_H + m) * S_PER_MIN * MS_PER_S;
    return true;
}

static bool find_iso(struct span text, int64_t *at_ms)
{
    int64_t y, m, d;

    if (!take_digits(&text, 4, &y) || !take_char(&text, '-') ||
        !take_digits(&text, 2, &m) || !take_char(&text, '-') ||
        !take_digits(&text, 2, &d) || !when_of_day(y, m, d, at_ms))
        return false;
    if (!text.bytes)
        return true;
    if (!take_char(&text, 'T') && !take_char(&text, ' '))
        return false;
    return take_clock(&text, at_ms) && take_offset(&text, at_ms);
}

bool when_find(struct span text, int64_t *at_ms)
{
    uint64_t number;

    if (!span_u64(text, &number))
        return find_iso(text, at_ms);
    if (text.bytes <= SECONDS_DIGITS_MOST) {
        *at_ms = (int64_t)number * MS_PER_S;
        return true;
    }
    if (text.bytes < MS_DIGITS_LEAST || text.bytes > MS_DIGITS_MOST)
        return false;
    *at_ms = (int64_t)number;
    return true;
}

bool when_find_film(struct span text, int64_t *at_ms)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int64_t d, y;
    struct span name;

    if ((!take_digits(&text, 2, &d) && !take_digits(&text, 1, &d)) ||
        !take_char(&text, '-') || text.bytes < 3)
        return false;
    name = (struct span){text.at, 3};
    text.at += 3;
    text.bytes -= 3;
    if (!take_char(&text, '-') || !take_digits(&text, 4, &y) || text.bytes)
        return false;
    for (int64_t m = 0; m < MONTHS; m++)
        if (!memcmp(months + m * 3, name.at, name.bytes))
            return when_of_day(y, m + 1, d, at_ms);
    return false;
}
