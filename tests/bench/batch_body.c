#include "batch_body.h"

#include <string.h>

#include "app/feed.h"
#include "web/impression.h"
#include "web/json_write.h"

enum {
    VERSION_AT = 6,
    VARIANT_AT = 8,
    VERSION_BITS = 0x0f,
    VARIANT_BITS = 0x3f,
    VERSION_4 = 0x40,
    VERSION_7 = 0x70,
    VARIANT = 0x80,
    TIME_BYTES = 6,
    BYTE_BITS = 8,
    SERVED_BEFORE_MS = 60000,
};

static struct uuid mark(struct uuid id, unsigned char version)
{
    id.b[VERSION_AT] =
        (unsigned char)((id.b[VERSION_AT] & VERSION_BITS) | version);
    id.b[VARIANT_AT] =
        (unsigned char)((id.b[VARIANT_AT] & VARIANT_BITS) | VARIANT);
    return id;
}

static struct uuid random_id(struct rng *rng)
{
    uint64_t halves[2] = {rng_next(rng), rng_next(rng)};
    struct uuid id;

    memcpy(id.b, halves, sizeof id.b);
    return id;
}

struct uuid batch_id(struct rng *rng)
{
    return mark(random_id(rng), VERSION_4);
}

static struct uuid event_id(int64_t at_ms, struct rng *rng)
{
    struct uuid id = random_id(rng);

    for (int i = 0; i < TIME_BYTES; i++)
        id.b[TIME_BYTES - 1 - i] = (unsigned char)(at_ms >> (i * BYTE_BITS));
    return mark(id, VERSION_7);
}

static const char *draw_type(struct rng *rng)
{
    enum { PERCENT = 100, VIEWS = 70, CLICKS = 85, LIKES = 95 };
    uint32_t at = rng_below(rng, PERCENT);

    return at < VIEWS    ? "view"
           : at < CLICKS ? "click"
           : at < LIKES  ? "like"
                         : "share";
}

static void write_event(struct json_write *w, const struct batch_of *b,
                        const struct impression *shown, struct uuid post,
                        struct rng *rng)
{
    enum { DWELL_MOST_MS = 9000, RATIO_LEAST = 50, RATIO_MORE = 51 };
    char signature[IMPRESSION_TEXT];
    int64_t ts = b->at_ms - BATCH_EVENTS + shown->position;

    impression_sign(b->keys, b->user, post, shown, signature);
    json_write_object(w, NULL);
    json_write_uuid(w, "event_id", event_id(ts, rng));
    json_write_word(w, "type", draw_type(rng));
    json_write_uuid(w, "post_id", post);
    json_write_i64(w, "ts", ts);
    json_write_text(w, "impression",
                    (struct span){signature, sizeof signature});
    json_write_object(w, "metadata");
    json_write_i64(w, "position", shown->position);
    json_write_i64(w, "dwell_ms", 1000 + rng_below(rng, DWELL_MOST_MS));
    json_write_fixed(w, "max_ratio",
                     (RATIO_LEAST + rng_below(rng, RATIO_MORE)) / 1e2, 2);
    json_write_end(w);
    json_write_end(w);
}

void batch_body(struct buf *out, const struct batch_of *b, struct rng *rng)
{
    struct impression shown = {.request = batch_id(rng),
                               .rung = RUNG_NEIGHBOURS,
                               .propensity = 1,
                               .served_at_ms = b->at_ms - SERVED_BEFORE_MS};
    uint32_t first = rng_below(rng, b->post_count);
    struct json_write w;

    json_write_init(&w, out);
    json_write_object(&w, NULL);
    json_write_i64(&w, "sent_at", b->at_ms);
    json_write_array(&w, "events");
    for (uint32_t i = 0; i < BATCH_EVENTS; i++) {
        /* A prime step: the posts of a feed lie anywhere in the tables. */
        enum { STEP = 7919 };
        uint32_t at =
            (uint32_t)(((uint64_t)first + (uint64_t)i * STEP) % b->post_count);
        shown.position = (uint16_t)(i + 1);
        write_event(&w, b, &shown, b->posts[at], rng);
    }
    json_write_end(&w);
    json_write_end(&w);
}
