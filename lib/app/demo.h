/*
 * demo.h -- the demo's reader switcher: see the feed with other eyes.
 *
 * Readers  the personas of <demo_dir>/readers.jsonl (id, name, taste, about)
 *          that exist in the database; with imported data, its most active
 *          readers.
 * Refuses  everything (404) unless the setting `demo` is on: it lets anyone
 *          read as anyone.
 */
#pragma once

#include "app/serve.h"

serve_fn demo_get_readers; /* GET /api/demo/readers */
serve_fn demo_read_as;     /* POST /api/demo/read-as {"user_id": ".."|null} */
