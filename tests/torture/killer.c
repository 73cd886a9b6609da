#include "killer.h"

#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum { PATH = 4096, PIDS_MOST = 256 };

static const struct {
    const char *name, *service;
    bool is_child; /* any child of the service's process, not itself */
    int cards;     /* of KILL_DECK */
} targets[KILL_TARGETS] = {
    [KILL_TRACK] = {"track worker", "track", true, 9},
    [KILL_NGINX] = {"nginx worker", "nginx", true, 4},
    [KILL_BACKEND] = {"PostgreSQL backend", "postgres", true, 1},
    [KILL_DRAIN] = {"drain", "drain", false, 3},
    [KILL_POSTMASTER] = {"PostgreSQL", "postgres", false, 1},
    [KILL_MASTER] = {"nginx", "nginx", false, 1},
    [KILL_WATCHER] = {"multiwatch", "track", false, 1},
};

const char *killer_target_name(enum killer_target target)
{
    return targets[target].name;
}

void killer_init(struct killer *k, const char *folder, uint64_t seed)
{
    *k = (struct killer){.folder = folder, .rng = rng_of(seed)};
}

static enum killer_target deal(struct killer *k)
{
    uint32_t pick;
    enum killer_target t;

    if (!k->left)
        for (int i = 0; i < KILL_TARGETS; i++)
            for (int n = 0; n < targets[i].cards; n++)
                k->deck[k->left++] = (enum killer_target)i;
    pick = rng_below(&k->rng, (uint32_t)k->left);
    t = k->deck[pick];
    k->deck[pick] = k->deck[--k->left];
    return t;
}

/* Works inside the folder? A pid may be somebody else's by now. */
static bool is_ours(const struct killer *k, pid_t pid)
{
    char path[64], cwd[PATH];
    size_t bytes = strlen(k->folder);
    ssize_t got;

    snprintf(path, sizeof path, "/proc/%d/cwd", (int)pid);
    got = readlink(path, cwd, sizeof cwd - 1);
    if (got < (ssize_t)bytes)
        return false;
    cwd[got] = 0;
    return !strncmp(cwd, k->folder, bytes) &&
           (cwd[bytes] == 0 || cwd[bytes] == '/');
}

static pid_t pid_of(const struct killer *k, const char *service)
{
    char path[PATH];
    int pid = 0;
    FILE *f;

    snprintf(path, sizeof path, "%s/service/%s/supervise/pid", k->folder,
             service);
    f = fopen(path, "r");
    if (f && fscanf(f, "%d", &pid) != 1)
        pid = 0;
    if (f)
        fclose(f);
    return pid;
}

static pid_t parent_of(const char *pid)
{
    char path[PATH], line[256];
    int parent = 0;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%.20s/status", pid);
    f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "PPid: %d", &parent) == 1)
            break;
    if (f)
        fclose(f);
    return parent;
}

/* Any child; 0: none. */
static pid_t child_of(struct killer *k, pid_t parent)
{
    pid_t found[PIDS_MOST];
    uint32_t count = 0;
    DIR *dir = opendir("/proc");
    struct dirent *entry;

    while (dir && (entry = readdir(dir)))
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
            count < PIDS_MOST && parent_of(entry->d_name) == parent)
            found[count++] = (pid_t)strtol(entry->d_name, NULL, 10);
    if (dir)
        closedir(dir);
    return count ? found[rng_below(&k->rng, count)] : 0;
}

void killer_strike(struct killer *k)
{
    enum killer_target t = deal(k);
    pid_t pid = pid_of(k, targets[t].service);

    if (pid > 1 && targets[t].is_child)
        pid = child_of(k, pid);
    if (pid > 1 && is_ours(k, pid) && !kill(pid, SIGKILL))
        k->killed[t]++;
    else
        k->missed++;
}
