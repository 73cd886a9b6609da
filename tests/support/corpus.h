/*
 * corpus.h -- a small world whose recommendations can be told by hand.
 *
 * Posts    test_id(1..30): "Post n", published n hours ago, written by
 *          901 + n % 3 ("Author n"), tagged t<n % 5>.
 * Readers  101..110 like posts 1..10 and 111..120 posts 11..20, each all but
 *          one: reader r has not seen post p of his ten where 10 divides r + p.
 *          200 likes 1, 2 and 3; 300 has done nothing yet.
 * Hence    200 gets from his neighbours the posts 4..10, equal in score, as
 *          each is unknown to one reader who shares all three likes with him;
 *          equal scores go by the smaller id. Posts 21..30 are known to nobody.
 */
#pragma once

#include "worker.h"

enum {
    CORPUS_POSTS = 30,
    CORPUS_READER = 200,
    CORPUS_STRANGER = 300,
    CORPUS_AUTHOR = 901,
    CORPUS_LIKED = 3,       /* by 200 */
    CORPUS_RECOMMENDED = 7, /* to 200 */
};

void corpus_fill(struct stage *s);

/* One more event of a reader, now. */
void corpus_event(struct stage *s, unsigned reader, unsigned post,
                  const char *type);

/* n of test_id(n). */
unsigned test_number(struct uuid id);
