/*
 * bus_guard.h -- work on a mapped file that survives the file being cut short.
 *
 * Touching a page behind the end of a mapped file is SIGBUS. Under the guard it
 * ends the work, anywhere else it kills as ever.
 *
 * Threads  each has its own guard.
 * Limits   not nested. The work may hold nothing that only its end gives back.
 */
#pragma once

#include <stdbool.h>

/* Once in a process, before the first guard. */
void bus_guard_init(void);

/* Calls work(arg). False when a mapping failed under it: what it wrote is half
 * done. */
bool bus_guard(void (*work)(void *arg), void *arg);
