/*
 * cover.h -- draws a cover picture for a demo post: abstract, without text.
 *
 * Shapes   SVG, 1200 x 630, 1 to 6 KiB, well-formed XML, no script, no style
 *          sheet, no reference to anything outside; middle tones, so that it
 *          sits well on a light and on a dark page.
 * Order    the same topic and id give the same bytes whenever this program
 *          runs: the numbers come from a hash of the id. Built by another
 *          compiler it may draw another picture of the same family (the order
 *          in which arguments are evaluated is the compiler's).
 * Refuses  nothing: an unknown topic is drawn from the family its name's hash
 *          picks.
 */
#pragma once

#include "base/buf.h"
#include "base/span.h"
#include "base/uuid.h"

/* Appends the picture. */
void cover_draw(struct buf *out, struct span topic, struct uuid id);
