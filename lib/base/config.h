/*
 * config.h -- the settings: read once from the environment, then constant.
 *
 * Source  environment variables KITH_<NAME>; the table is config.def.
 * Errors  an unknown KITH_ name, or a value out of range, is ERR_INVALID with
 *         a sentence that names the variable: a program stops at its start.
 * Rule    passed as `const struct config *`; never global.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct config {
#define CFG_TEXT(name, fallback, why) const char *name;
#define CFG_COUNT(name, fallback, least, most, why) uint32_t name;
#define CFG_FLAG(name, fallback, why) bool name;
#include "base/config.def"
#undef CFG_TEXT
#undef CFG_COUNT
#undef CFG_FLAG
};

/* Texts point into the environment or into static storage. */
MUST_USE bool config_load(struct config *out, struct err *err);

/* True when the environment names this variable, be it with its default. */
bool config_names(const char *variable);

/* The i-th setting, for help texts. A text: `text` is its default; a number,
 * or a flag (0 or 1): `text` is NULL. */
enum { CONFIG_NAME_BYTES = 64 };
struct config_setting {
    char variable[CONFIG_NAME_BYTES];
    const char *text, *why;
    uint32_t count, least, most;
};

/* False after the last. */
bool config_setting_at(size_t i, struct config_setting *out);
