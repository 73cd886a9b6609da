/*
 * sqlstate.h -- PostgreSQL's five characters, as what a caller can do.
 *
 * from  PostgreSQL documentation, appendix A.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* The table is in db.h, under Errors. */
enum err_code sqlstate_code(const char *sqlstate);

/*
 * True when no later statement should meet this connection: the server is
 * going away, or (after a restore or a change of schema) its prepared
 * statements do not fit any more.
 */
bool sqlstate_spoils(const char *sqlstate);
