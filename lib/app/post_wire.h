/*
 * post_wire.h -- a post as the API shows it, made once and copied ever after.
 *
 * Form   the members of the JSON object, without its braces, so that a feed
 *        can put position, source and reasons beside them:
 *        "id":..,"title":..,"body":..,"author":..,"tags":..,"language":..,
 *        "published_at":..,"counts":..,"image":..,"url":..
 * Cut    a body over the setting feed_body_bytes is cut between characters
 *        and ends in an ellipsis.
 */
#pragma once

#include "base/buf.h"
#include "base/config.h"
#include "reco/model_format.h"
#include "store/posts.h"

/* Appends the members; *title is where the quoted title lies in them. */
void post_wire_write(struct buf *out, const struct post_row *row,
                     const struct config *config, struct model_title *title);
