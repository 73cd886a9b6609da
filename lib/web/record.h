/*
 * record.h -- an answer as the records of FastCGI (1.0 specification, 3.3).
 *
 * What for  libfcgi writes in pieces of 8 kB, and each wakes the web server;
 *           here an answer of up to 64 kB is one system call.
 * Layout    STDOUT records of at most RECORD_BYTES, the head and the first of
 *           the body in one; an empty one; END_REQUEST. A connection that is
 *           not kept gets one more empty record: behind the end it says
 *           nothing, but nginx, which keeps a connection whose last bytes are
 *           the end, closes this one at once, and so never sends a request
 *           into a connection that is about to be closed.
 */
#pragma once

#include <stdbool.h>

#include "base/span.h"

enum { RECORD_BYTES = 65528 };

/*
 * Writes head and body to the socket `fd`, as the answer to request `id`.
 * False: the peer has gone, or its socket's patience is over.
 */
bool record_answer(int fd, int id, struct span head, struct span body,
                   bool keep);
