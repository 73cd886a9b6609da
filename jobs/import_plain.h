/*
 * import_plain.h -- kith's own form of posts, users and interactions, the part
 * that CSV and JSON Lines share: fields as text become rows.
 *
 * Ids   a UUID is kept as it is; anything else becomes one, the same every
 *       time (names.h, source "plain" or what --source says).
 */
#pragma once

#include "import.h"

struct plain_user {
    struct span id, name;
};

struct plain_post {
    struct span id, title, body, author, published_at, image, url, language;
    struct span tags[POST_TAGS_MOST];
    size_t tag_count;
    size_t more_tags; /* that did not fit */
};

struct plain_event {
    struct span id, user, post, type, at;
};

/* "a; b" into tags, empty ones left out. */
void plain_split_tags(struct span text, struct plain_post *post);

MUST_USE bool plain_user_add(struct import *im, const struct plain_user *user,
                             struct err *err);
MUST_USE bool plain_post_add(struct import *im, const struct plain_post *post,
                             struct err *err);
MUST_USE bool plain_event_add(struct import *im,
                              const struct plain_event *event, struct err *err);
