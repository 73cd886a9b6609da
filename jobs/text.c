#include "text.h"

#include "base/utf8.h"

enum { ASCII_END = 0x80 };

bool text_is_clean(struct span text)
{
    return utf8_valid(text) &&
           (!text.bytes || !memchr(text.at, '\0', text.bytes));
}

void text_from_latin1(struct buf *out, struct span text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c < ASCII_END) {
            buf_char(out, (char)c);
            continue;
        }
        /* U+0080 to U+00FF: two bytes, 110000xx 10xxxxxx. */
        buf_char(out, (char)(0xc0 | c >> 6));
        buf_char(out, (char)(0x80 | (c & 0x3f)));
    }
}
