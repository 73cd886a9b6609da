/*
 * small_disk.h -- a file system that a test may fill, and nobody else notices.
 *
 * Use      first in main: small_disk_need(args), then own_server_need(args):
 * all of that server, its log of writes too, lies on the small disk. Skipped
 * where none can be mounted (with_small_disk.sh) the program ends with a
 * sentence and status 77.
 */
#pragma once

enum { SMALL_DISK_MB = 320 };

void small_disk_need(char **args);

/* The folder it is mounted on. */
const char *small_disk(void);

/* Takes its last byte; gives all of that back. */
void small_disk_fill(void);
void small_disk_empty(void);
