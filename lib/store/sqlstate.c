#include "store/sqlstate.h"

#include <stddef.h>
#include <string.h>

static bool starts_with_any(const char *sqlstate, const char *const *starts)
{
    for (; *starts; starts++)
        if (!strncmp(sqlstate, *starts, strlen(*starts)))
            return true;
    return false;
}

enum err_code sqlstate_code(const char *sqlstate)
{
    /* query_canceled (also by statement_timeout), lock_not_available */
    static const char *const timeouts[] = {"57014", "55P03", NULL};
    /* cardinality, data, integrity */
    static const char *const refusals[] = {"21", "22", "23", NULL};
    static const char *const limits[] = {"54", NULL};

    if (starts_with_any(sqlstate, timeouts))
        return ERR_TIMEOUT;
    if (starts_with_any(sqlstate, refusals))
        return ERR_INVALID;
    if (starts_with_any(sqlstate, limits))
        return ERR_LIMIT;
    return ERR_DOWN;
}

bool sqlstate_spoils(const char *sqlstate)
{
    /* connection, shutdown, idle timeout, unknown statement, stale plan */
    static const char *const spoilers[] = {"08",    "57P",   "25P03",
                                           "26000", "0A000", NULL};

    return starts_with_any(sqlstate, spoilers);
}
