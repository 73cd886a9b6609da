/*
 * schema.h -- judges a JSON value by a JSON Schema (2020-12), both parts of
 * documents that web/json.h has read.
 *
 * Knows   the keywords that static/openapi.json uses; any other one is a
 *         fault, so that nothing in a schema is decoration.
 * Strict  a member that the schema does not name is a fault too, unless it
 *         names none at all: free form.
 * Faults  are told in `why`, a line each, with the place inside the value.
 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "web/json.h"

/* `root` is the document that "$ref": "#/.." points into. */
bool schema_judge(const struct json *root, const struct json *schema,
                  const struct json *value, struct buf *why);

/* Follows $ref until there is none; false when it leads nowhere. */
bool schema_resolve(const struct json *root, struct json *node);

/* The member, null ones too; false when there is none or no object. */
bool schema_find(const struct json *object, struct span key, struct json *out);
