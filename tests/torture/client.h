/*
 * client.h -- one reader's browser that never gives up: sends batches over HTTP
 * through nginx, again and again until each has been answered, and writes down
 * what was promised.
 *
 * Ledger  a line an event: id, reader, fate, status of the answer.
 *         A  acknowledged (200 or 202): must be stored, exactly once
 *         R  refused for good: must not be stored
 *         P  of a post that does not exist: must not be stored, whatever was
 *            said (with 202 nobody could tell)
 *         U  never answered: may be stored, once
 * Ids     made of seed, client and number: none is ever sent with other
 * content.
 */
#pragma once

#include <stdint.h>

#include "base/rng.h"
#include "web/token.h"

enum client_phase { CLIENT_SEND, CLIENT_FINISH, CLIENT_QUIT };

/* In memory that all processes share; a client writes its own alone. */
struct client_counts {
    uint64_t batches, events;
    uint64_t stored, spooled, all_rejected; /* batches by their answer */
    uint64_t unavailable;                   /* answers 429, 500, 503 */
    uint64_t broken;                        /* no answer, or a cut one */
    uint64_t left;                          /* the client went away itself */
    uint64_t repeated;                      /* sent again after the answer */
    uint64_t wrong;                         /* answers that contradict */
};

struct client {
    uint32_t seed;
    unsigned number;
    int port;
    const char *folder; /* of the ledgers */
    const struct token_keys *keys;
    const volatile int *phase;
    struct client_counts *counts;
};

/* Until CLIENT_QUIT, or, from CLIENT_FINISH on, until its batch is answered. */
void client_run(const struct client *c);
