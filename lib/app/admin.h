/*
 * admin.h -- what is asked rarely: is it alive, is it ready.
 *
 * /healthz  200 while the process answers at all.
 * /readyz   200 when feeds can be personalised: the database answers, its
 *           schema is current, and the model file is whole. Else 503; the body
 *           names what is missing in both cases, and how much waits in the
 *           spool. Waits for the database as long as a feed may (db_wait_ms).
 */
#pragma once

#include "app/serve.h"

serve_fn admin_healthz, admin_readyz;
