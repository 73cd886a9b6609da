/* feeds -- the worker that answers GET /api/feeds and its updates. */
#include "app/feeds.h"
#include "app/admin.h"
#include "app/plain.h"
#include "app/updates.h"

int main(void)
{
    static const struct route routes[] = {
        {"/api/feeds", feeds_get},       {"/api/feeds/updates", updates_get},
        {"/_live/allow", updates_allow}, {"/plain", plain_get},
        {"/healthz", admin_healthz},     {0},
    };

    return serve("feeds", APP_FEEDS, routes);
}
