/*
 * text.h -- judge and convert the bytes of imported texts.
 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "base/span.h"

/*
 * Valid UTF-8 (RFC 3629: no overlong form, no surrogate, at most U+10FFFF)
 * without NUL, which PostgreSQL cannot hold.
 */
bool text_is_clean(struct span text);

/* Has a control character below U+0020 or U+007F. */
bool text_has_control(struct span text);

/* Appends Latin-1 bytes as UTF-8. */
void text_from_latin1(struct buf *out, struct span text);
