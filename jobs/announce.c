#include "announce.h"

#include <stdlib.h>
#include <string.h>

#include "web/json_write.h"

enum { US_PER_S = 1000000 };

void announce_init(struct announce *a, int64_t every_us)
{
    *a = (struct announce){.every_us = every_us};
}

static int by_key(const void *a, const void *b)
{
    uint64_t x, y;

    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

void announce_look(struct announce *a, const struct arrival *all, size_t count)
{
    uint64_t keys[ARRIVALS_MOST];

    if (count > ARRIVALS_MOST)
        count = ARRIVALS_MOST;
    for (size_t i = 0; i < count; i++) {
        keys[i] = uuid_key(all[i].post);
        if (all[i].published_at_ms > a->newest_at_ms)
            a->newest_at_ms = all[i].published_at_ms;
        if (a->begun && !bsearch(&keys[i], a->known, a->known_count,
                                 sizeof *a->known, by_key))
            a->waiting += a->waiting < ANNOUNCE_MOST;
    }
    qsort(keys, count, sizeof *keys, by_key);
    memcpy(a->known, keys, count * sizeof *keys);
    a->known_count = count;
    a->begun = true;
}

static void begin(struct json_write *w, struct buf *out, const char *type)
{
    json_write_init(w, out);
    json_write_object(w, NULL);
    json_write_word(w, "type", type);
}

bool announce_posts_due(const struct announce *a, int64_t now_us,
                        struct buf *out)
{
    struct json_write w;

    if (!a->waiting || (a->told_us && now_us - a->told_us < a->every_us))
        return false;
    begin(&w, out, "new_posts");
    json_write_u64(&w, "count", a->waiting);
    json_write_i64(&w, "newest_post_at", a->newest_at_ms);
    json_write_end(&w);
    return true;
}

void announce_forgotten(struct announce *a)
{
    a->hello_us = 0;
}

void announce_told(struct announce *a, int64_t now_us)
{
    a->waiting = 0;
    a->told_us = now_us;
    announce_forgotten(a);
}

bool announce_hello_due(const struct announce *a, int64_t now_us,
                        int64_t wall_ms, struct buf *out)
{
    struct json_write w;

    if (!a->begun || (a->hello_us && now_us - a->hello_us <
                                         (int64_t)ANNOUNCE_HELLO_S * US_PER_S))
        return false;
    begin(&w, out, "hello");
    json_write_i64(&w, "server_time", wall_ms);
    json_write_i64(&w, "newest_post_at", a->newest_at_ms);
    json_write_end(&w);
    return true;
}

void announce_greeted(struct announce *a, int64_t now_us)
{
    a->hello_us = now_us;
}

void announce_model(struct buf *out)
{
    struct json_write w;

    begin(&w, out, "recommendations_ready");
    json_write_end(&w);
}

void announce_bye(struct buf *out)
{
    struct json_write w;

    begin(&w, out, "bye");
    json_write_i64(&w, "retry_ms", ANNOUNCE_BYE_MS);
    json_write_end(&w);
}
