#include "app/bus_guard.h"

#include <setjmp.h>
#include <signal.h>
#include <stddef.h>

/* SIGBUS comes to the thread whose access it was. */
static _Thread_local sigjmp_buf guard;
static _Thread_local volatile sig_atomic_t guarded;

static void on_bus_error(int sig)
{
    if (guarded)
        siglongjmp(guard, 1);
    signal(sig, SIG_DFL); /* not ours: the access repeats and kills */
}

void bus_guard_init(void)
{
    /* Without SA_NODEFER the jump would leave the signal blocked. */
    struct sigaction action = {.sa_handler = on_bus_error,
                               .sa_flags = SA_NODEFER};

    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, NULL);
}

bool bus_guard(void (*work)(void *arg), void *arg)
{
    if (sigsetjmp(guard, 0)) {
        guarded = 0;
        return false;
    }
    guarded = 1;
    work(arg);
    guarded = 0;
    return true;
}
