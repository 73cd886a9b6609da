#include "base/config.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/span.h"

extern char **environ;

enum kind { KIND_TEXT, KIND_COUNT, KIND_FLAG };

struct row {
    const char *name;
    enum kind kind;
    size_t offset;
    const char *text;
    uint32_t count, least, most;
    const char *why;
};

static const struct row rows[] = {
#define CFG_TEXT(n, fallback, why)                                             \
    {#n, KIND_TEXT, offsetof(struct config, n), fallback, 0, 0, 0, why},
#define CFG_COUNT(n, fallback, least, most, why)                               \
    {#n,   KIND_COUNT, offsetof(struct config, n), NULL, fallback, least,      \
     most, why},
#define CFG_FLAG(n, fallback, why)                                             \
    {#n, KIND_FLAG, offsetof(struct config, n), NULL, fallback, 0, 1, why},
#include "base/config.def"
#undef CFG_TEXT
#undef CFG_COUNT
#undef CFG_FLAG
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

static void variable_of(const struct row *row, char out[CONFIG_NAME_BYTES])
{
    size_t n = 0;

    for (const char *p = "KITH_"; *p; p++)
        out[n++] = *p;
    for (const char *p = row->name; *p && n < CONFIG_NAME_BYTES - 1; p++)
        out[n++] = (char)toupper((unsigned char)*p);
    out[n] = 0;
}

static bool is_known(const char *variable, size_t bytes)
{
    char name[CONFIG_NAME_BYTES];

    for (size_t i = 0; i < ROW_COUNT; i++) {
        variable_of(&rows[i], name);
        if (strlen(name) == bytes && !memcmp(name, variable, bytes))
            return true;
    }
    return false;
}

static bool refuse_unknown(struct err *err)
{
    for (char **e = environ; e && *e; e++) {
        size_t bytes = strcspn(*e, "=");
        if (!strncmp(*e, "KITH_", 5) && !is_known(*e, bytes))
            return err_set(err, ERR_INVALID,
                           "unknown setting %.*s; `kith settings` lists all",
                           (int)bytes, *e);
    }
    return true;
}

static bool read_row(const struct row *row, struct config *out, struct err *err)
{
    char name[CONFIG_NAME_BYTES];
    unsigned char *field = (unsigned char *)out + row->offset;
    const char *value;
    uint64_t count = row->count;

    variable_of(row, name);
    value = getenv(name);
    if (row->kind == KIND_TEXT) {
        if (!value)
            value = row->text;
        memcpy(field, &value, sizeof value);
        return true;
    }
    if (value && (!span_u64(span_of(value), &count) || count < row->least ||
                  count > row->most))
        return err_set(err, ERR_INVALID,
                       "%s=%s: must be a whole number from %u to %u", name,
                       value, row->least, row->most);
    if (row->kind == KIND_FLAG)
        *(bool *)field = count;
    else
        memcpy(field, &(uint32_t){(uint32_t)count}, sizeof(uint32_t));
    return true;
}

bool config_load(struct config *out, struct err *err)
{
    *out = (struct config){0};
    for (size_t i = 0; i < ROW_COUNT; i++)
        if (!read_row(&rows[i], out, err))
            return false;
    return refuse_unknown(err);
}

bool config_names(const char *variable)
{
    return getenv(variable) != NULL;
}

bool config_setting_at(size_t i, struct config_setting *out)
{
    const struct row *row;

    if (i >= ROW_COUNT)
        return false;
    row = &rows[i];
    *out = (struct config_setting){.text = row->text,
                                   .why = row->why,
                                   .count = row->count,
                                   .least = row->least,
                                   .most = row->most};
    variable_of(row, out->variable);
    return true;
}
