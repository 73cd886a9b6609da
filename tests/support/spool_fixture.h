/*
 * spool_fixture.h -- batches for the spool, and its folder as a test sees it.
 *
 * Folder  spool_folder_make() gives an empty one of its own; it is removed at
 *         exit of the process that made it.
 */
#pragma once

#include "base/buf.h"
#include "store/spool.h"

enum { SPOOL_FIXTURE_EVENTS = 3 };

/*
 * Batch n of reader 500: three events with ids 100 n + 1 .. 3 on posts 1 .. 3:
 * a view that was shown, a like with metadata, a bare click. Valid until the
 * next call.
 */
struct spool_batch spool_fixture_batch(unsigned n);

/* Records 0 .. count of these batches, as they lie in a segment. */
void spool_fixture_segment(struct buf *out, unsigned count);

/* Signs the first record of `segment` anew. */
void spool_fixture_sign(char *segment);

const char *spool_folder_make(void);
/* Files of segments in it, or in its bad/; the name of the first one. */
unsigned spool_folder_segments(const char *folder, char name[SPOOL_NAME]);
unsigned spool_folder_bad(const char *folder, char name[SPOOL_NAME]);
void spool_folder_write(const char *folder, const char *name,
                        struct span bytes);
/* Heap memory. */
struct span spool_folder_read(const char *folder, const char *name);
