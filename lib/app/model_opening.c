#define _GNU_SOURCE /* pthread_tryjoin_np */
#include "app/model_opening.h"

#include <signal.h>

#include "app/bus_guard.h"

static void open_and_check(void *arg)
{
    struct model_opening *o = arg;

    if (!model_open(o->path, &o->model, &o->err))
        return;
    o->ok = reco_scratch_init(&o->scratch, &o->model, &o->err);
    if (!o->ok)
        model_close(&o->model);
}

/* A mapping that was cut short under the check stays mapped: where it was is
 * not known any more, and such a file is opened once. */
static void *run(void *arg)
{
    struct model_opening *o = arg;

    if (!bus_guard(open_and_check, o))
        o->ok = false;
    return NULL;
}

/* Signals of the program belong to the thread that serves; those of an access
 * go to who made it. */
static bool start_thread(struct model_opening *o)
{
    sigset_t most, old;
    bool ok;

    sigfillset(&most);
    sigdelset(&most, SIGBUS);
    sigdelset(&most, SIGSEGV);
    pthread_sigmask(SIG_SETMASK, &most, &old);
    ok = !pthread_create(&o->thread, NULL, run, o);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return ok;
}

void model_opening_begin(struct model_opening *o, const char *path,
                         const struct stat *st, bool beside)
{
    *o = (struct model_opening){.running = true, .path = path, .st = *st};
    /* What is left when a SIGBUS ends it, in the thread or in the caller. */
    o->ok = err_set(&o->err, ERR_CORRUPT,
                    "model %s: cut short while it was checked", path);
    o->is_thread = beside && start_thread(o);
    /* The caller's own guard, where it has one, holds here too. */
    if (!o->is_thread)
        open_and_check(o);
}

bool model_opening_ended(struct model_opening *o, bool wait)
{
    if (o->is_thread && o->running &&
        (wait ? pthread_join(o->thread, NULL)
              : pthread_tryjoin_np(o->thread, NULL)))
        return false;
    o->running = false;
    return true;
}

bool model_opening_current(const struct model_opening *o)
{
    struct stat st;

    return stat(o->path, &st) == 0 && st.st_dev == o->st.st_dev &&
           st.st_ino == o->st.st_ino && st.st_size == o->st.st_size &&
           st.st_mtim.tv_sec == o->st.st_mtim.tv_sec &&
           st.st_mtim.tv_nsec == o->st.st_mtim.tv_nsec;
}

void model_opening_drop(struct model_opening *o)
{
    if (o->ok) {
        reco_scratch_release(&o->scratch);
        model_close(&o->model);
    }
    o->ok = false;
}

void model_opening_release(struct model_opening *o)
{
    if (o->running && model_opening_ended(o, true))
        model_opening_drop(o);
}
