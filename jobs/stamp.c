#include "stamp.h"

#include <stdio.h>
#include <time.h>

#define MS_PER_S INT64_C(1000)
#define US_PER_MS INT64_C(1000)
#define US_PER_S INT64_C(1000000)
#define S_PER_MIN INT64_C(60)
#define MOST_MS INT64_C(253402300799999) /* 9999-12-31 */

void stamp_text(int64_t at_ms, char out[STAMP_BYTES])
{
    time_t at_s = (time_t)(at_ms / MS_PER_S);
    struct tm tm;

    if (at_ms < 0 || at_ms > MOST_MS || !gmtime_r(&at_s, &tm) ||
        !strftime(out, STAMP_BYTES, "%Y-%m-%d %H:%M:%SZ", &tm))
        snprintf(out, STAMP_BYTES, "-");
}

void stamp_took(int64_t us, char out[STAMP_TOOK_BYTES])
{
    if (us < US_PER_MS)
        snprintf(out, STAMP_TOOK_BYTES, "%lld us", (long long)us);
    else if (us < US_PER_S)
        snprintf(out, STAMP_TOOK_BYTES, "%.1f ms", (double)us / US_PER_MS);
    else if (us < S_PER_MIN * US_PER_S)
        snprintf(out, STAMP_TOOK_BYTES, "%.2f s", (double)us / US_PER_S);
    else
        snprintf(out, STAMP_TOOK_BYTES, "%lld min %lld s",
                 (long long)(us / US_PER_S / S_PER_MIN),
                 (long long)(us / US_PER_S % S_PER_MIN));
}
