#include "web/json_part.h"

#include <string.h>

#include "base/utf8.h"
#include "web/json_escape.h"

bool json_part_text(const struct json_part *part, struct arena *arena,
                    struct span *out, struct err *err)
{
    const char *at = part->text.at, *end = at + part->text.bytes;
    char *first, *to;

    *out = part->text;
    if (!part->escaped)
        return true;
    /* No escape is shorter than what it stands for. */
    if (!arena_take(arena, part->text.bytes, 1, &first, err))
        return false;
    for (to = first; at < end;) {
        struct json_escape e;

        if (*at != '\\') {
            *to++ = *at++;
            continue;
        }
        e = json_escape_at(at, end);
        to = utf8_put(to, e.point);
        at += e.bytes;
    }
    *out = (struct span){first, (size_t)(to - first)};
    return true;
}

bool json_part_raw(const struct json_part *part, struct arena *arena,
                   struct span *out, struct err *err)
{
    char *at, *end;

    *out = part->text;
    if (!part->lone)
        return true;
    if (!arena_take(arena, part->text.bytes, 1, &at, err))
        return false;
    memcpy(at, part->text.at, part->text.bytes);
    *out = (struct span){at, part->text.bytes};
    for (end = at + part->text.bytes; at < end; at++) {
        struct json_escape e;

        if (*at != '\\')
            continue;
        e = json_escape_at(at, end);
        if (e.lone)
            memcpy(at, "\\ufffd", JSON_ESCAPE_UNIT);
        at += e.bytes - 1;
    }
    return true;
}
