#include "app/ingest.h"

#include "base/log.h"

enum { US_PER_MS = 1000 };

static int64_t after_ms(int64_t started_us, uint32_t wait_ms)
{
    return started_us + (int64_t)wait_ms * US_PER_MS;
}

static bool is_connected(struct app *app, int64_t started_us, struct err *err)
{
    const struct config *c = &app->config;

    return app->db.ready || !spool_is_on(&app->spool) ||
           db_ping(&app->db, after_ms(started_us, c->db_wait_ms), err);
}

static bool insert(struct app *app, const struct spool_batch *batch,
                   int64_t started_us, enum event_fate *fates, struct err *err)
{
    return is_connected(app, started_us, err) &&
           events_insert(&app->db, batch->user, batch->rows, batch->count,
                         batch->received_at_ms,
                         after_ms(started_us, app->config.track_wait_ms), fates,
                         err);
}

bool ingest_keep(struct app *app, const struct spool_batch *batch,
                 int64_t started_us, enum event_fate *fates, bool *is_spooled,
                 struct err *err)
{
    *is_spooled = false;
    if (insert(app, batch, started_us, fates, err))
        return true;
    /* What PostgreSQL refuses, it would refuse again. */
    if (!spool_is_on(&app->spool) ||
        (err->code != ERR_DOWN && err->code != ERR_TIMEOUT))
        return false;
    log_failure(LOG_INFO, "app", "spooling", err);
    if (!spool_add(&app->spool, batch, err))
        return false;
    for (size_t i = 0; i < batch->count; i++)
        fates[i] = FATE_STORED;
    *is_spooled = true;
    return true;
}
