/*
 * feeds.h -- GET /api/feeds: the endpoint around feed.h.
 *
 * Query   limit 1..50, cursor, feed = for_you | latest; others are ignored.
 * Errors  only of the request: bad_query, bad_cursor, cursor_expired,
 *         bad_token, token_expired, method_not_allowed.
 */
#pragma once

#include "app/serve.h"

serve_fn feeds_get;
