/*
 * own_server.h -- a PostgreSQL that a test may stop and kill.
 *
 * Use      first in main: own_server_need(args). The program starts itself
 *          again under with_pg.sh, whatever DB_URL says.
 * Rights   those of with_pg.sh; root acts as the postgres account.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

void own_server_need(char **args);

/* To the postmaster and all its children. */
void own_server_signal(int what);

/* SIGKILL to all of them, and started again with the same options; the latter
 * returns when it takes connections. */
void own_server_kill(void);
void own_server_start(void);
