#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const names[] = {
    [ERR_NONE] = "none",     [ERR_INVALID] = "invalid",
    [ERR_DENIED] = "denied", [ERR_ABSENT] = "absent",
    [ERR_LIMIT] = "limit",   [ERR_CORRUPT] = "corrupt",
    [ERR_DOWN] = "down",     [ERR_TIMEOUT] = "timeout",
    [ERR_MEMORY] = "memory",
};

bool err_set_at(struct err *err, const char *where, enum err_code code,
                const char *fmt, ...)
{
    va_list args;

    err->code = code;
    err->where = where;
    va_start(args, fmt);
    vsnprintf(err->what, sizeof err->what, fmt, args);
    va_end(args);
    return false;
}

const char *err_name(enum err_code code)
{
    return names[code];
}
