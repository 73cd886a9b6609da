#include "app/version.h"

#include <stdio.h>
#include <time.h>

enum { MS_PER_S = 1000 };

void version_text(int64_t built_at_ms, char out[VERSION_TEXT + 1])
{
    time_t at_s = (time_t)(built_at_ms / MS_PER_S);
    char stamp[sizeof "20260102T030405"];
    struct tm tm;

    gmtime_r(&at_s, &tm);
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%S", &tm);
    snprintf(out, VERSION_TEXT + 1, "%s.%03uZ", stamp,
             (unsigned)(built_at_ms % MS_PER_S) % MS_PER_S);
}
