/*
 * gate.h -- a door in front of PostgreSQL that a test can shut.
 *
 * What     a process of its own that passes bytes between a Unix socket and
 *          the server of DB_URL. Workers get gate_url() instead of
 *          test_db_url(); the test itself goes straight to the server.
 * Freeze   connections are taken and bytes swallowed, nothing ever answers:
 *          a server that hangs, or a network that drops packets.
 * Shut     connections break and new ones are refused: no server.
 * Cut      the next bytes of the server break their connection instead of
 *          reaching the client: what was asked for has happened, and nobody
 *          is told.
 * Ends     with the test process.
 */
#pragma once

void gate_open(const char *folder);
const char *gate_url(void);

void gate_freeze(void);
void gate_thaw(void);
void gate_shut(void);
void gate_reopen(void);
void gate_cut_next(void);
