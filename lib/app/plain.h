/*
 * plain.h -- GET /plain: the feed as a page without scripts.
 *
 * What     the answer of GET /api/feeds for the same query, as HTML: the posts,
 *          why they are there, and a link to the next page. Costs that answer
 *          and some 100 us; the page with scripts pays nothing for it.
 * Safety   every text from outside is escaped; links and pictures only when
 *          they are http, https or of this site.
 * Refused  a cursor or token that is no good any more leads to a fresh page.
 */
#pragma once

#include "app/serve.h"

serve_fn plain_get;
