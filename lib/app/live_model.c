#include "app/live_model.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"

enum { US_PER_MS = 1000, MS_PER_S = 1000 };

static sigjmp_buf guard;
static volatile sig_atomic_t guarded;

static void on_bus_error(int sig)
{
    if (guarded)
        siglongjmp(guard, 1);
    signal(sig, SIG_DFL); /* not ours: the access repeats and kills */
}

void live_model_init(struct live_model *l)
{
    /* Without SA_NODEFER the jump would leave the signal blocked. */
    struct sigaction action = {.sa_handler = on_bus_error,
                               .sa_flags = SA_NODEFER};

    *l = (struct live_model){0};
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, NULL);
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

static void open_new(struct live_model *l, const char *path)
{
    struct model fresh = {0};
    struct reco_scratch scratch = {0};
    struct stat st;
    struct err err;

    if (stat(path, &st) < 0 || same_file(&l->refused, &st))
        return;
    /* The same inode written over: what is mapped has changed under us. */
    if (l->readable && l->model.file.inode == st.st_ino &&
        l->model.file.device == st.st_dev)
        drop(l);
    if (!model_open(path, &fresh, &err)) {
        refuse(l, &st, &err);
        return;
    }
    if (!reco_scratch_init(&scratch, &fresh, &err)) {
        model_close(&fresh);
        refuse(l, &st, &err);
        return;
    }
    swap_in(l, &fresh, &scratch);
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

    if (!now && now_us < l->next_look_us)
        return;
    l->next_look_us = now_us + (int64_t)config->model_check_ms * US_PER_MS;
    switch (l->readable ? model_look(&l->model, config->model)
                        : MODEL_REPLACED) {
    case MODEL_SAME:
        l->state = l->state == LIVE_NONE ? LIVE_USABLE : l->state;
        break;
    case MODEL_REPLACED:
        open_new(l, config->model);
        break;
    case MODEL_GONE:
        l->state = LIVE_NONE;
        break;
    }
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
    if (sigsetjmp(guard, 0)) {
        guarded = 0;
        drop(l);
        return false;
    }
    guarded = 1;
    work(arg);
    guarded = 0;
    return true;
}
