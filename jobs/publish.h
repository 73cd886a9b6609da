/*
 * publish.h -- hand a message to nginx for all open pages; a door to libcurl.
 *
 * Where     nginx's own Unix socket (nginx/publish.conf): whoever may open that
 *           file may publish, which is the user of the stack and nobody from
 *           elsewhere.
 * Channels  PUBLISH_HELLO keeps its last message for pages that connect, until
 *           nginx is started or reloaded; PUBLISH_NEWS keeps nothing.
 * Errors    ERR_DOWN, ERR_TIMEOUT: nginx is away. ERR_INVALID: it refused, or
 *           its answer is not nchan's.
 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#define PUBLISH_HELLO "hello"
#define PUBLISH_NEWS "news"

enum { PUBLISH_WAIT_MS = 2000 };

struct publish {
    void *curl;
    void *headers;
    const char *socket_path; /* borrowed */
    struct buf answer;
};

MUST_USE bool publish_open(struct publish *p, const char *socket_path,
                           struct err *err);
/* Accepts a zeroed struct. */
void publish_close(struct publish *p);

MUST_USE bool publish_send(struct publish *p, const char *channel,
                           struct span message, struct err *err);

/* Whether a page that connects now is given a message of the channel. */
MUST_USE bool publish_is_kept(struct publish *p, const char *channel,
                              bool *kept, struct err *err);
