/*
 * announce.h -- what is to be told to open pages, and when: the judgement of
 * `kith announce`, without its clock, database and socket.
 *
 * new_posts  each post once, also when its transaction commits some seconds
 *            after its date; what comes within announce_every_s is told
 *            together. The first look only learns what is there already.
 * hello      every ANNOUNCE_HELLO_S, after each new_posts, and at once when
 * nginx was started or reloaded, which gives it to every page that connects: it
 *            says that the line works and how new the newest post is, so that
 *            a page which missed a message knows it.
 * Units      times are of the monotonic clock, but for *_at_ms.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "store/arrivals.h"

enum {
    ANNOUNCE_HELLO_S = 25,  /* proxies close what is silent for 60 s */
    ANNOUNCE_LATE_S = 60,   /* a transaction may take this long to commit */
    ANNOUNCE_MOST = 10000,  /* more are as many as that to a page */
    ANNOUNCE_BYE_MS = 5000, /* pages come back within this, spread */
};

struct announce {
    int64_t every_us; /* between two new_posts */
    bool begun;
    uint64_t known[ARRIVALS_MOST]; /* sorted keys of the last look */
    size_t known_count;
    uint64_t waiting; /* posts not told yet */
    int64_t newest_at_ms;
    int64_t told_us, hello_us; /* last time; 0: never */
};

void announce_init(struct announce *a, int64_t every_us);

/* The posts of the last ANNOUNCE_LATE_S and more, in any order. */
void announce_look(struct announce *a, const struct arrival *all, size_t count);

/* True when it is time; the text of the message is appended to `out`. Say
 * announce_told() when it is delivered, else it stays due. */
bool announce_posts_due(const struct announce *a, int64_t now_us,
                        struct buf *out);
void announce_told(struct announce *a, int64_t now_us);

/* nginx has our last hello no more, or it is out of date: another is due. */
void announce_forgotten(struct announce *a);

bool announce_hello_due(const struct announce *a, int64_t now_us,
                        int64_t wall_ms, struct buf *out);
void announce_greeted(struct announce *a, int64_t now_us);

void announce_model(struct buf *out);
void announce_bye(struct buf *out);
