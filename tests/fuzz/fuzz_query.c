/*
 * What comes in the head of a request: query, cookies, media type, bearer
 * token, origin. Whatever is found must be printable UTF-8 (query) or lie
 * inside the input (the rest).
 */
#include <stdlib.h>

#include "base/utf8.h"
#include "web/http.h"

enum { ARENA_BYTES = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t bytes);

static void need(bool holds)
{
    if (!holds)
        abort();
}

static void need_inside(struct span part, struct span whole)
{
    need(!part.bytes || (part.at >= whole.at &&
                         part.at + part.bytes <= whole.at + whole.bytes));
}

static void try_query(struct span text, struct arena *a)
{
    static const char *const names[] = {"limit", "cursor", "feed", ""};
    struct span value;
    struct err err;
    bool found;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        arena_reset(a);
        if (!http_query_find(text, names[i], a, &value, &found, &err))
            need(err.code == ERR_INVALID || err.code == ERR_MEMORY);
        else if (found)
            need(utf8_printable(value) && value.bytes <= text.bytes);
    }
}

static void try_headers(struct span text)
{
    struct http_request r = {.origin = text, .host = text};
    struct span value;

    if (http_cookie_find(text, "kith", &value))
        need_inside(value, text);
    if (http_bearer_find(text, &value))
        need_inside(value, text);
    http_media_is(text, "application/json");
    http_same_site(&r, "https://a.example https://b.example");
    r.host = SPAN("h.example");
    if (http_same_site(&r, "https://a.example") && text.bytes)
        need(span_is(text, "https://a.example") ||
             span_is_nocase(text, "http://h.example"));
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t bytes)
{
    static struct arena a;
    struct err err;
    struct span text = {(const char *)at, bytes};

    if (!a.base)
        need(arena_init(&a, ARENA_BYTES, &err));
    try_query(text, &a);
    try_headers(text);
    return 0;
}
