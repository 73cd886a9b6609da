/*
 * app.h -- everything a worker holds for its whole life.
 *
 * One process, one thread, one request at a time: nothing here is locked.
 * app_open() needs no PostgreSQL and no model: both are allowed to be away.
 */
#pragma once

#include "app/feed.h"
#include "app/rate_limit.h"
#include "app/reject_sample.h"
#include "base/arena.h"
#include "base/config.h"
#include "base/err.h"
#include "store/db.h"
#include "store/spool.h"
#include "web/http.h"
#include "web/token.h"

/* What a worker asks for besides settings, keys and database. */
enum app_part { APP_PLAIN, APP_FEEDS };

struct app {
    struct config config;
    struct token_keys keys;
    struct db db;
    struct spool spool; /* for events while `db` is away */
    struct arena arena; /* of the running request */
    struct http_reply reply;
    struct feeder *feeder;        /* APP_FEEDS only */
    struct feed feed;             /* of the running request */
    struct rate_limit track_rate; /* events of each reader */
    struct reject_sampler sampler;
    struct live_model live; /* for readiness; feeds have their own */
};

MUST_USE bool app_open(struct app *app, enum app_part part, struct err *err);
void app_close(struct app *app);
