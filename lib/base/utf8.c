#include "base/utf8.h"

enum {
    ASCII_END = 0x80,
    TAIL_MASK = 0x3f,
    TAIL_BITS = 6,
    SURROGATE_FIRST = 0xd800,
    SURROGATE_LAST = 0xdfff,
    POINT_LAST = 0x10ffff,
    DELETE = 0x7f,
};

/* By the number of leading one bits in the first byte. */
static size_t length_of(unsigned char first, uint32_t *point, uint32_t *least)
{
    if (first < 0xc0)
        return 0; /* a tail, alone */
    if (first < 0xe0) {
        *point = first & 0x1f;
        *least = 0x80;
        return 2;
    }
    if (first < 0xf0) {
        *point = first & 0x0f;
        *least = 0x800;
        return 3;
    }
    if (first < 0xf8) {
        *point = first & 0x07;
        *least = 0x10000;
        return 4;
    }
    return 0;
}

size_t utf8_next(struct span text, uint32_t *point)
{
    const unsigned char *p = (const unsigned char *)text.at;
    uint32_t value = 0, least = 0;
    size_t bytes;

    if (!text.bytes)
        return 0;
    if (p[0] < ASCII_END) {
        *point = p[0];
        return 1;
    }
    bytes = length_of(p[0], &value, &least);
    if (!bytes || bytes > text.bytes)
        return 0;
    for (size_t i = 1; i < bytes; i++) {
        if ((p[i] & ~TAIL_MASK) != ASCII_END)
            return 0;
        value = value << TAIL_BITS | (p[i] & TAIL_MASK);
    }
    if (value < least || value > POINT_LAST ||
        (value >= SURROGATE_FIRST && value <= SURROGATE_LAST))
        return 0;
    *point = value;
    return bytes;
}

/* Bytes at the front that are plain ASCII, eight at a time. */
static size_t ascii_run(struct span text)
{
    const uint64_t high_bits = 0x8080808080808080u;
    size_t run = 0;
    uint64_t eight;

    while (text.bytes - run >= sizeof eight) {
        memcpy(&eight, text.at + run, sizeof eight);
        if (eight & high_bits)
            break;
        run += sizeof eight;
    }
    return run;
}

static struct span behind(struct span text, size_t bytes)
{
    return (struct span){text.at + bytes, text.bytes - bytes};
}

bool utf8_valid(struct span text)
{
    uint32_t point;
    size_t step;

    while (text.bytes) {
        step = ascii_run(text);
        if (!step)
            step = utf8_next(text, &point);
        if (!step)
            return false;
        text = behind(text, step);
    }
    return true;
}

bool utf8_printable(struct span text)
{
    if (!utf8_valid(text))
        return false;
    for (size_t i = 0; i < text.bytes; i++)
        if ((unsigned char)text.at[i] < ' ' || text.at[i] == DELETE)
            return false;
    return true;
}

char *utf8_put(char *to, uint32_t point)
{
    unsigned tails = point < ASCII_END ? 0
                     : point < 0x800   ? 1
                     : point < 0x10000 ? 2
                                       : 3;
    static const unsigned char lead[] = {0, 0xc0, 0xe0, 0xf0};

    *to++ = (char)(lead[tails] | point >> (TAIL_BITS * tails));
    while (tails--)
        *to++ = (char)(ASCII_END | (point >> (TAIL_BITS * tails) & TAIL_MASK));
    return to;
}
