#include "small_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 256, FIRST_STEP = 1 << 20, LAST_STEP = 4096, HALF = 2 };

void small_disk_need(char **args)
{
    char size[16];
    char *again[] = {(char *)"tests/support/with_small_disk.sh", size, args[0],
                     NULL};

    if (getenv("SMALL_DISK")) {
        setenv("TMPDIR", small_disk(), 1); /* where with_pg.sh makes a server */
        return;
    }
    snprintf(size, sizeof size, "%d", SMALL_DISK_MB);
    execv(again[0], again);
    perror("tests/support/with_small_disk.sh (run me from the repository)");
    exit(EXIT_FAILURE);
}

const char *small_disk(void)
{
    return getenv("SMALL_DISK");
}

static void ballast(char out[PATH_BYTES])
{
    snprintf(out, PATH_BYTES, "%s/ballast", small_disk());
}

void small_disk_fill(void)
{
    char path[PATH_BYTES];
    off_t at = 0;
    int fd, failed;

    ballast(path);
    fd = open(path, O_WRONLY | O_CREAT, S_IRUSR | S_IWUSR);
    for (off_t step = FIRST_STEP; fd >= 0 && step >= LAST_STEP; step /= HALF) {
        while (!(failed = posix_fallocate(fd, at, step)))
            at += step;
        if (failed != ENOSPC) {
            fprintf(stderr, "small_disk: %s\n", strerror(failed));
            exit(EXIT_FAILURE);
        }
    }
    if (fd < 0 || close(fd) < 0) {
        perror(path);
        exit(EXIT_FAILURE);
    }
}

void small_disk_empty(void)
{
    char path[PATH_BYTES];

    ballast(path);
    unlink(path);
}
