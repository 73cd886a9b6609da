#define _GNU_SOURCE /* execvpe */

#include "program.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    ENV_MOST = 256,
    PATH_BYTES = 4096,
    PATHS_KEPT = 16,
    LINE_BYTES = 4096,
    SIGNALLED = 128,
    NOT_STARTED = 127,
};

extern char **environ;

static void die(const char *what)
{
    fprintf(stderr, "program: %s: %m\n", what);
    exit(EXIT_FAILURE);
}

static void fill_env(char *env[ENV_MOST], const char *const *settings)
{
    size_t n = 0;

    for (char **e = environ; *e && n < ENV_MOST - 1; e++)
        if (!span_starts(span_of(*e), "KITH_"))
            env[n++] = *e;
    for (; settings && *settings && n < ENV_MOST - 1; settings++)
        env[n++] = (char *)(uintptr_t)*settings;
    env[n] = NULL;
}

static void slurp(FILE *from, char out[PROGRAM_SAID_BYTES])
{
    rewind(from);
    out[fread(out, 1, PROGRAM_SAID_BYTES - 1, from)] = 0;
    fclose(from);
}

void program_run(struct program *p, const char *path,
                 const char *const *settings, const char *const *args)
{
    FILE *out = tmpfile(), *err = tmpfile();
    char *env[ENV_MOST], *argv[PROGRAM_ARGS_MOST + 2];
    size_t n = 0;
    int status;
    pid_t pid;

    if (!out || !err)
        die("tmpfile");
    fill_env(env, settings);
    argv[n++] = (char *)(uintptr_t)path;
    for (; *args && n <= PROGRAM_ARGS_MOST; args++)
        argv[n++] = (char *)(uintptr_t)*args;
    argv[n] = NULL;
    pid = fork();
    if (pid < 0)
        die("fork");
    if (!pid) {
        dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
        dup2(fileno(out), STDOUT_FILENO);
        dup2(fileno(err), STDERR_FILENO);
        execvpe(path, argv, env);
        _exit(NOT_STARTED);
    }
    if (waitpid(pid, &status, 0) < 0)
        die("waitpid");
    p->code =
        WIFEXITED(status) ? WEXITSTATUS(status) : SIGNALLED + WTERMSIG(status);
    slurp(out, p->out);
    slurp(err, p->err);
}

const char *program_kith(void)
{
    static char path[PATH_BYTES];
    ssize_t bytes = readlink("/proc/self/exe", path, sizeof path - 32);

    if (bytes < 0)
        die("/proc/self/exe");
    path[bytes] = 0;
    for (int up = 0; up < 3; up++) { /* <build>/tests/<kind>/<program> */
        char *slash = strrchr(path, '/');
        if (slash)
            *slash = 0;
    }
    bytes = (ssize_t)strlen(path);
    snprintf(path + bytes, sizeof path - (size_t)bytes, "/bin/kith");
    return path;
}

void program_kith_run(struct program *p, const char *const *settings,
                      const char *line)
{
    char words[LINE_BYTES];
    const char *args[PROGRAM_ARGS_MOST + 1];
    size_t n = 0;

    snprintf(words, sizeof words, "%s", line);
    for (char *at = words; *at && n < PROGRAM_ARGS_MOST;) {
        args[n++] = at;
        at += strcspn(at, " ");
        while (*at == ' ')
            *at++ = 0;
    }
    args[n] = NULL;
    program_run(p, program_kith(), settings, args);
}

/* ---- files ---- */

static char folder[PATH_BYTES];
static pid_t owner;

static void remove_all(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        char inner[2 * PATH_BYTES];
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        if (unlink(inner))
            remove_all(inner);
    }
    if (dir)
        closedir(dir);
    rmdir(path);
}

static void clean(void)
{
    if (getpid() == owner)
        remove_all(folder);
}

const char *program_folder(void)
{
    const char *base = getenv("TMPDIR");

    if (*folder)
        return folder;
    snprintf(folder, sizeof folder, "%s/kith-test.XXXXXX",
             base ? base : "/tmp");
    if (!mkdtemp(folder))
        die(folder);
    owner = getpid();
    atexit(clean);
    return folder;
}

const char *program_path(const char *name)
{
    static char paths[PATHS_KEPT][2 * PATH_BYTES];
    static size_t next;
    char *path = paths[next++ % PATHS_KEPT];

    snprintf(path, sizeof paths[0], "%s/%s", program_folder(), name);
    return path;
}

const char *program_file(const char *name, struct span text)
{
    const char *path = program_path(name);
    char part[2 * PATH_BYTES];
    FILE *f;

    snprintf(part, sizeof part, "%s", path);
    for (char *slash = part + strlen(program_folder()) + 1;
         (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        mkdir(part, 0755);
        *slash = '/';
    }
    f = fopen(path, "w");
    if (!f || fwrite(text.at, 1, text.bytes, f) != text.bytes || fclose(f))
        die(path);
    return path;
}

void program_gzip(const char *name)
{
    const char *const args[] = {"-nf", program_path(name), NULL};
    static struct program p;

    program_run(&p, "gzip", NULL, args);
    if (p.code)
        die("gzip");
}
