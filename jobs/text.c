#include "text.h"

enum { ASCII_END = 0x80, DELETE = 0x7f, FIRST_PRINTED = 0x20 };

/* Bytes of the character at `p`, 0 when it is not one; `left` >= 1. */
static size_t char_bytes(const unsigned char *p, size_t left)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t bytes = *p < 0x80             ? 1
                   : (*p & 0xe0) == 0xc0 ? 2
                   : (*p & 0xf0) == 0xe0 ? 3
                   : (*p & 0xf8) == 0xf0 ? 4
                                         : 0;
    uint32_t code;

    if (bytes <= 1)
        return *p ? bytes : 0;
    if (bytes > left)
        return 0;
    code = *p & (0x7fu >> bytes);
    for (size_t i = 1; i < bytes; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (p[i] & 0x3fu);
    }
    if (code < least[bytes] || code > 0x10ffff ||
        (code >= 0xd800 && code <= 0xdfff))
        return 0;
    return bytes;
}

bool text_is_clean(struct span text)
{
    const unsigned char *p = (const unsigned char *)text.at;

    for (size_t i = 0; i < text.bytes;) {
        size_t bytes = char_bytes(p + i, text.bytes - i);
        if (!bytes)
            return false;
        i += bytes;
    }
    return true;
}

bool text_has_control(struct span text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c < FIRST_PRINTED || c == DELETE)
            return true;
    }
    return false;
}

void text_from_latin1(struct buf *out, struct span text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c < ASCII_END) {
            buf_char(out, (char)c);
            continue;
        }
        buf_char(out, (char)(0xc0 | c >> 6));
        buf_char(out, (char)(0x80 | (c & 0x3f)));
    }
}
