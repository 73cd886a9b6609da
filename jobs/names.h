/*
 * names.h -- ids that follow from names, so that doing a job twice gives the
 * same rows.
 *
 * Form  UUIDv5 of kith's namespace and "source:kind:key", for example
 *       "deskdrop:person:123". The namespace never changes.
 */
#pragma once

#include "base/span.h"
#include "base/uuid.h"

enum { NAME_MOST_BYTES = 512 }; /* longer keys are cut: check them before */

struct uuid name_id(struct span source, const char *kind, struct span key);
