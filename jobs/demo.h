/*
 * demo.h -- the demo's world: its posts, its readers, a month of what they did.
 *
 * Order   a pure function of posts, personas, seed and "now": the same four
 *         give the same rows, ids included.
 * Shapes  posts are spread over the DEMO_DAYS before now, each topic evenly;
 *         no event comes before its post or after now; of one reader and post
 *         view < click < like < share in time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "base/uuid.h"
#include "reco/types.h"

enum {
    DEMO_DAYS = 30,
    DEMO_POSTS_MOST = 2000,
    DEMO_TOPICS_MOST = 32,
    DEMO_TAGS_MOST = 16,
    DEMO_PERSONAS_MOST = 64,
    DEMO_READERS = 400,
};

struct demo_post {
    struct uuid id, author;
    struct span key, author_name, title, body;
    struct span tags[DEMO_TAGS_MOST];
    size_t tag_count;
    uint32_t topic; /* index into topics */
    int64_t published_at_ms;
};

struct demo_persona {
    struct uuid id;
    struct span name, taste;
    uint32_t topic;
};

struct demo {
    struct arena texts;
    struct demo_post *posts; /* DEMO_POSTS_MOST */
    size_t post_count;
    struct span topics[DEMO_TOPICS_MOST];
    uint32_t topic_count;
    struct demo_persona personas[DEMO_PERSONAS_MOST];
    size_t persona_count;
};

/*
 * Reads <dir>/posts/ *.jsonl (key, topic, author, title, body, tags) and
 * <dir>/readers.jsonl (id, name, taste). A line that is not as described, a
 * key given twice, a taste that no post has, or a persona whose id is not the
 * one its name gives is ERR_INVALID with file and line.
 */
MUST_USE bool demo_load(struct demo *d, const char *dir, struct err *err);
void demo_release(struct demo *d);

/* Ids that follow from names. */
struct uuid demo_persona_id(struct span name);
struct uuid demo_reader_id(uint32_t number);

/* Dates the posts. */
void demo_publish(struct demo *d, uint64_t seed, int64_t now_ms);

struct demo_event {
    struct uuid user, post;
    enum event_type type;
    int64_t at_ms;
};

/* Calls `take` for each event of every persona and simulated reader, after
 * demo_publish; stops when it returns false, and then returns false. */
bool demo_live(const struct demo *d, uint64_t seed, int64_t now_ms,
               bool (*take)(void *arg, const struct demo_event *event),
               void *arg);
