#include "app/app.h"

#include "base/digest.h"
#include "base/log.h"
#include "base/mem.h"

static bool setup_log(const struct config *config, struct err *err)
{
    uint64_t salt;

    if (!digest_random(&salt, sizeof salt, err))
        return false;
    log_setup((enum log_level)config->log_level, salt);
    return true;
}

static bool setup_rate(struct app *app, struct err *err)
{
    uint64_t seed;

    return digest_random(&seed, sizeof seed, err) &&
           rate_limit_init(&app->track_rate, app->config.track_rate,
                           app->config.track_burst, seed, err);
}

bool app_open(struct app *app, enum app_part part, struct err *err)
{
    *app = (struct app){0};
    live_model_init(&app->live);
    spool_init(&app->spool, "", 0);
    if (!config_load(&app->config, err) || !setup_log(&app->config, err) ||
        !token_keys_load(app->config.token_keys_file, &app->keys, err) ||
        !db_init(&app->db, app->config.db_url, app->config.db_prepare, err) ||
        !setup_rate(app, err))
        return false;
    spool_init(&app->spool, app->config.spool, app->config.spool_bytes);
    if (part == APP_FEEDS) {
        if (mem_take(1, sizeof *app->feeder, &app->feeder, err) &&
            feeder_init(app->feeder, &app->config, &app->db, err))
            return true;
        app_close(app);
        return false;
    }
    return true;
}

void app_close(struct app *app)
{
    if (app->feeder) {
        feeder_release(app->feeder);
        mem_give(app->feeder);
    }
    live_model_release(&app->live);
    spool_release(&app->spool);
    rate_limit_release(&app->track_rate);
    db_release(&app->db);
    arena_release(&app->arena);
    http_reply_release(&app->reply);
}
