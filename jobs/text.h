/*
 * text.h -- judge and convert the bytes of imported texts.
 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/span.h"

/* Valid UTF-8 without NUL, which PostgreSQL cannot hold. */
bool text_is_clean(struct span text);

/* Appends Latin-1 bytes as UTF-8. */
void text_from_latin1(struct buf *out, struct span text);
