/*
 * updates.h -- what an open page asks about news: may it listen, and, where it
 * cannot listen, what is new.
 *
 * updates_get    GET /api/feeds/updates?since=MS: how many posts have become
 *                visible since then (at most UPDATES_MOST are counted), and
 *                whether the model is younger. One index scan; 503 when the
 *                database does not answer within db_wait_ms.
 * updates_allow  for nginx's auth_request before /api/live, never from outside:
 *                204 when the token is good and the page is of our own site,
 *                else 401 or 403. Needs no database.
 * Identity       both need a token; nobody becomes a reader by asking.
 */
#pragma once

#include "app/serve.h"

enum { UPDATES_MOST = 100 };

serve_fn updates_get, updates_allow;
