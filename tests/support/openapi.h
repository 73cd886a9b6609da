/*
 * openapi.h -- judges whole answers by static/openapi.json.
 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "fcgi_client.h"
#include "web/json.h"

struct openapi {
    struct json root;
    struct span text;
};

/* Ends the program when the file cannot be read. */
void openapi_open(struct openapi *o, const char *path);
void openapi_close(struct openapi *o);

/* What stands at root/a/b/..; the list ends with NULL. False when absent. */
bool openapi_find(const struct openapi *o, struct json *out, ...);

/*
 * Status, content type, headers and body of an answer to this method and
 * path, each fault a line in `why`. HEAD counts as GET without a body; a 405
 * is documented at whatever method the path has. An address that is not in
 * the reference must answer with problem `not_found`, as another worker's may;
 * OPTIONS answers with 204.
 */
bool openapi_judge_answer(const struct openapi *o, const char *method,
                          const char *path, const struct fcgi_answer *answer,
                          struct buf *why);
