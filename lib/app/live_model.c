#include "app/live_model.h"

#include <sys/stat.h>

#include "app/bus_guard.h"
#include "base/clock.h"
#include "base/log.h"

enum { US_PER_MS = 1000, MS_PER_S = 1000 };

/* A file up to this size is checked in a request: it takes one or two ms. */
enum { AT_ONCE_BYTES = 4 << 20 };

void live_model_init(struct live_model *l)
{
    *l = (struct live_model){.at_once_bytes = AT_ONCE_BYTES};
    bus_guard_init();
}

static void drop(struct live_model *l)
{
    reco_scratch_release(&l->scratch);
    model_close(&l->model);
    l->readable = false;
    l->state = LIVE_NONE;
}

void live_model_release(struct live_model *l)
{
    model_opening_release(&l->opening);
    drop(l);
}

static void log_model(const struct live_model *l, const char *event)
{
    struct log_line line;

    log_begin(&line, LOG_INFO, "app", event);
    log_value(&line, "version", span_of(l->model.meta->version));
    log_i64(&line, "users", l->model.user_count);
    log_i64(&line, "posts", l->model.post_count);
    log_end(&line);
}

static bool same_file(const struct model_file *a, const struct stat *st)
{
    return a->device == st->st_dev && a->inode == st->st_ino &&
           a->bytes == (uint64_t)st->st_size &&
           a->changed_ns ==
               (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

/* Remembers a file that was refused, so that it is not read again and again. */
static void refuse(struct live_model *l, const struct stat *st,
                   const struct err *err)
{
    l->refused = (struct model_file){
        .device = st->st_dev,
        .inode = st->st_ino,
        .bytes = (uint64_t)st->st_size,
        .changed_ns =
            (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec,
    };
    l->state = LIVE_NONE;
    log_failure(LOG_ERROR, "app", "model_refused", err);
}

static void swap_in(struct live_model *l, struct model *fresh,
                    struct reco_scratch *scratch)
{
    drop(l);
    l->model = *fresh;
    l->scratch = *scratch;
    l->readable = true;
    l->state = LIVE_USABLE;
    l->refused = (struct model_file){0};
    l->swap_count++;
    log_model(l, "model_opened");
}

static void begin_opening(struct live_model *l, const char *path, bool now)
{
    struct stat st;

    if (stat(path, &st) < 0 || same_file(&l->refused, &st))
        return;
    /* The same inode written over: what is mapped has changed under us. */
    if (l->readable && l->model.file.inode == st.st_ino &&
        l->model.file.device == st.st_dev)
        drop(l);
    model_opening_begin(&l->opening, path, &st,
                        !now && st.st_size > l->at_once_bytes);
}

/* Until the new file has been judged, the old model answers. What has been
 * replaced in the meantime is not used: the next look begins anew. */
static void open_new(struct live_model *l, const char *path, bool now)
{
    if (!l->opening.running)
        begin_opening(l, path, now);
    if (!l->opening.running || !model_opening_ended(&l->opening, now))
        return;
    if (!model_opening_current(&l->opening))
        model_opening_drop(&l->opening);
    else if (l->opening.ok)
        swap_in(l, &l->opening.model, &l->opening.scratch);
    else
        refuse(l, &l->opening.st, &l->opening.err);
}

static void judge_age(struct live_model *l, const struct config *config)
{
    int64_t age_ms;

    if (l->state == LIVE_NONE)
        return;
    age_ms = clock_wall_ms() - l->model.meta->built_at_ms;
    l->state = age_ms > (int64_t)config->model_stale_s * MS_PER_S ? LIVE_STALE
                                                                  : LIVE_USABLE;
}

void live_model_follow(struct live_model *l, const struct config *config,
                       bool now)
{
    int64_t now_us = clock_mono_us();
    enum live_state before = l->state;
    bool replaced = false;

    if (!now && now_us < l->next_look_us && !l->opening.running)
        return;
    l->next_look_us = now_us + (int64_t)config->model_check_ms * US_PER_MS;
    switch (l->readable ? model_look(&l->model, config->model)
                        : MODEL_REPLACED) {
    case MODEL_SAME:
        l->state = l->state == LIVE_NONE ? LIVE_USABLE : l->state;
        break;
    case MODEL_REPLACED:
        replaced = true;
        open_new(l, config->model, now);
        break;
    case MODEL_GONE:
        l->state = LIVE_NONE;
        break;
    }
    if (!replaced && l->opening.running &&
        model_opening_ended(&l->opening, false))
        model_opening_drop(&l->opening);
    judge_age(l, config);
    if (before != LIVE_NONE && l->state == LIVE_NONE) {
        struct log_line line;
        log_begin(&line, LOG_WARN, "app", "model_lost");
        log_end(&line);
    }
}

bool live_model_guarded(struct live_model *l, void (*work)(void *arg),
                        void *arg)
{
    if (bus_guard(work, arg))
        return true;
    drop(l);
    return false;
}
