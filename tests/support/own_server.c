#include "own_server.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/span.h"

enum { LINE_BYTES = 256, PATH_BYTES = 512, POLL_US = 1000 };

void own_server_need(char **args)
{
    char *again[] = {(char *)"tests/support/with_pg.sh", args[0], NULL};

    if (getenv("KITH_TEST_OWN_SERVER"))
        return;
    unsetenv("DB_URL");
    setenv("KITH_TEST_OWN_SERVER", "1", 1);
    execv(again[0], again);
    perror("tests/support/with_pg.sh (run me from the repository's root)");
    exit(EXIT_FAILURE);
}

/* The number a text begins with, or 0. */
static pid_t number(const char *text)
{
    uint64_t value = 0;
    size_t digits = strspn(text, "0123456789");

    return span_u64((struct span){text, digits}, &value) ? (pid_t)value : 0;
}

/* The data folder, out of ..?host=FOLDER&.. */
static void find_folder(char out[PATH_BYTES])
{
    const char *at = strstr(getenv("DB_URL"), "host=");

    at = at ? at + strlen("host=") : "";
    snprintf(out, PATH_BYTES, "%.*s/d", (int)strcspn(at, "&"), at);
}

/* It has another number after a restart. */
static pid_t postmaster(void)
{
    char folder[PATH_BYTES], path[PATH_BYTES + LINE_BYTES];
    char line[LINE_BYTES] = "";
    FILE *f;

    find_folder(folder);
    snprintf(path, sizeof path, "%s/postmaster.pid", folder);
    f = fopen(path, "r");
    if (f && !fgets(line, sizeof line, f))
        line[0] = 0;
    if (f)
        fclose(f);
    return number(line);
}

/* The value of "Name:\t..." in /proc/PID/status; false when it is gone. */
static bool find_status(pid_t pid, const char *name, char out[LINE_BYTES])
{
    char path[LINE_BYTES], line[LINE_BYTES];
    bool found = false;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    f = fopen(path, "r");
    while (f && !found && fgets(line, sizeof line, f))
        if (!strncmp(line, name, strlen(name))) {
            snprintf(out, LINE_BYTES, "%s", line + strlen(name));
            found = true;
        }
    if (f)
        fclose(f);
    return found;
}

static pid_t parent_of(pid_t pid)
{
    char value[LINE_BYTES];

    return find_status(pid, "PPid:\t", value) ? number(value) : 0;
}

/* A zombie is gone: who should collect it may not do so. */
static bool is_gone(pid_t pid)
{
    char value[LINE_BYTES];

    return !find_status(pid, "State:\t", value) || value[0] == 'Z';
}

static void signal_all(pid_t parent, int what)
{
    DIR *proc = opendir("/proc");
    struct dirent *entry;

    kill(parent, what);
    while (proc && (entry = readdir(proc))) {
        pid_t pid = number(entry->d_name);

        if (pid > 0 && parent_of(pid) == parent)
            kill(pid, what);
    }
    if (proc)
        closedir(proc);
}

void own_server_signal(int what)
{
    pid_t parent = postmaster();

    if (parent > 0)
        signal_all(parent, what);
}

void own_server_kill(void)
{
    pid_t parent = postmaster();

    if (parent <= 0)
        return;
    /* Stopped, it cannot fork another child meanwhile. */
    kill(parent, SIGSTOP);
    signal_all(parent, SIGKILL);
    while (!is_gone(parent))
        usleep(POLL_US);
}

void own_server_start(void)
{
    /* A zombie that nobody collects still holds the lock files. */
    static const char script[] =
        "cd \"$1\" || exit\n"
        "as=; [ $(id -u) -ne 0 ] || as='setpriv --reuid=postgres "
        "--regid=postgres --clear-groups'\n"
        "rm -f postmaster.pid ../.s.PGSQL.5432.lock\n"
        "options=$(sed 's/^[^ ]* \"-D\" \"[^\"]*\" //' postmaster.opts)\n"
        "$as \"$(pg_config --bindir)/pg_ctl\" -D \"$1\" -l \"$1/../log\" -w"
        " -o \"$options\" start >/dev/null 2>&1";
    char folder[PATH_BYTES];
    int status;
    pid_t child;

    find_folder(folder);
    child = fork();
    if (!child) {
        execlp("sh", "sh", "-c", script, "sh", folder, (char *)NULL);
        _exit(EXIT_FAILURE);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status) {
        fprintf(stderr, "own_server: the server did not start\n");
        exit(EXIT_FAILURE);
    }
}
