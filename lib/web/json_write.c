#include "web/json_write.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"

enum {
    LINE_SEPARATOR = 0x2028, /* end a line in older JavaScript */
    PARAGRAPH_SEPARATOR = 0x2029,
    F64_DIGITS_LEAST = 15, /* always survive text -> double -> text */
    F64_DIGITS_MOST = 17,  /* always survive double -> text -> double */
    NUMBER_TEXT = 40,
    DECIMALS_MOST = 9,
};

static const char hex[] = "0123456789abcdef";

void json_write_init(struct json_write *w, struct buf *out)
{
    *w = (struct json_write){.out = out};
}

/* All in one piece: keys are what is written most. */
static void put_key(struct buf *out, bool comma, const char *key)
{
    static const char around[] = ",\"\":";
    size_t bytes = strlen(key);
    char *p = buf_room(out, bytes + sizeof around - 1 - !comma);

    if (!p)
        return;
    if (comma)
        *p++ = ',';
    *p++ = '"';
    memcpy(p, key, bytes);
    memcpy(p + bytes, "\":", 2);
}

void json_write_place(struct json_write *w, const char *key)
{
    bool *used = w->depth ? &w->scope[w->depth - 1].used : &w->top_done;
    bool in_object = w->depth && w->scope[w->depth - 1].close == '}';

    assert(w->depth || !w->top_done);
    assert(in_object == (key != NULL));
    if (in_object)
        put_key(w->out, *used, key);
    else if (*used)
        buf_char(w->out, ',');
    *used = true;
}

static void begin(struct json_write *w, const char *key, char open, char close)
{
    assert(w->depth < JSON_WRITE_DEPTH);
    json_write_place(w, key);
    buf_char(w->out, open);
    w->scope[w->depth].close = close;
    w->scope[w->depth].used = false;
    w->depth++;
}

void json_write_object(struct json_write *w, const char *key)
{
    begin(w, key, '{', '}');
}

void json_write_array(struct json_write *w, const char *key)
{
    begin(w, key, '[', ']');
}

void json_write_end(struct json_write *w)
{
    assert(w->depth);
    w->depth--;
    buf_char(w->out, w->scope[w->depth].close);
}

bool json_write_whole(const struct json_write *w)
{
    return w->top_done && !w->depth;
}

static void add_u16(struct buf *out, uint32_t unit)
{
    char text[] = {'\\',
                   'u',
                   hex[unit >> 12 & 15],
                   hex[unit >> 8 & 15],
                   hex[unit >> 4 & 15],
                   hex[unit & 15]};

    buf_add(out, text, sizeof text);
}

/* What stands for a character that may not stand as it is. */
static void add_escaped(struct buf *out, uint32_t point)
{
    switch (point) {
    case '"':
        buf_text(out, "\\\"");
        break;
    case '\\':
        buf_text(out, "\\\\");
        break;
    case '\n':
        buf_text(out, "\\n");
        break;
    case '\r':
        buf_text(out, "\\r");
        break;
    case '\t':
        buf_text(out, "\\t");
        break;
    default:
        add_u16(out, point);
    }
}

static bool is_plain(unsigned char c)
{
    return c >= ' ' && c < 0x7f && c != '"' && c != '\\' && c != '<';
}

static bool needs_escape(uint32_t point)
{
    return point < ' ' || point == '"' || point == '\\' || point == '<' ||
           point == 0x7f || point == LINE_SEPARATOR ||
           point == PARAGRAPH_SEPARATOR;
}

/* Runs of plain characters go out in one piece. */
void json_write_quoted(struct buf *out, struct span text)
{
    buf_char(out, '"');
    while (text.bytes) {
        uint32_t point = 0;
        size_t step = 0;

        while (step < text.bytes && is_plain((unsigned char)text.at[step]))
            step++;
        if (step) {
            buf_add(out, text.at, step);
        } else if (!(step = utf8_next(text, &point))) {
            buf_text(out, "\xef\xbf\xbd"); /* U+FFFD */
            step = 1;
        } else if (needs_escape(point)) {
            add_escaped(out, point);
        } else {
            buf_add(out, text.at, step);
        }
        text.at += step;
        text.bytes -= step;
    }
    buf_char(out, '"');
}

void json_write_text(struct json_write *w, const char *key, struct span text)
{
    json_write_place(w, key);
    json_write_quoted(w->out, text);
}

void json_write_word(struct json_write *w, const char *key, const char *word)
{
    if (word)
        json_write_text(w, key, span_of(word));
    else
        json_write_null(w, key);
}

void json_write_uuid(struct json_write *w, const char *key, struct uuid id)
{
    char text[UUID_TEXT + sizeof "\"\""];

    uuid_text(id, text + 1);
    text[0] = text[UUID_TEXT + 1] = '"';
    json_write_place(w, key);
    buf_add(w->out, text, UUID_TEXT + 2);
}

void json_write_i64(struct json_write *w, const char *key, int64_t value)
{
    json_write_place(w, key);
    buf_i64(w->out, value);
}

void json_write_u64(struct json_write *w, const char *key, uint64_t value)
{
    json_write_place(w, key);
    buf_u64(w->out, value);
}

void json_write_f64(struct json_write *w, const char *key, double value)
{
    char text[NUMBER_TEXT];
    int bytes = 0;

    if (!isfinite(value)) {
        json_write_null(w, key);
        return;
    }
    for (int digits = F64_DIGITS_LEAST; digits <= F64_DIGITS_MOST; digits++) {
        bytes = snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    json_write_place(w, key);
    buf_add(w->out, text, (size_t)bytes);
}

/* `scaled` = value * 10^decimals, written without its trailing zeros. */
static void add_scaled(struct buf *out, uint64_t scaled, uint64_t unit)
{
    uint64_t rest = scaled % unit;

    buf_u64(out, scaled / unit);
    if (rest)
        buf_char(out, '.');
    while (rest) {
        unit /= 10;
        buf_char(out, (char)('0' + rest / unit));
        rest %= unit;
    }
}

void json_write_fixed(struct json_write *w, const char *key, double value,
                      unsigned decimals)
{
    const double exact_most = 9007199254740992.0; /* 2^53 */
    double size = fabs(value);
    uint64_t unit = 1, scaled;

    assert(decimals <= DECIMALS_MOST);
    for (unsigned i = 0; i < decimals; i++)
        unit *= 10;
    /* Also false for NaN; too large for this way. */
    if (!(size * (double)unit < exact_most)) {
        json_write_f64(w, key, value);
        return;
    }
    scaled = (uint64_t)(size * (double)unit + 0.5);
    json_write_place(w, key);
    if (value < 0 && scaled)
        buf_char(w->out, '-');
    add_scaled(w->out, scaled, unit);
}

void json_write_bool(struct json_write *w, const char *key, bool value)
{
    json_write_place(w, key);
    buf_text(w->out, value ? "true" : "false");
}

void json_write_null(struct json_write *w, const char *key)
{
    json_write_place(w, key);
    buf_text(w->out, "null");
}

void json_write_raw(struct json_write *w, const char *key, struct span json)
{
    json_write_place(w, key);
    buf_span(w->out, json);
}
