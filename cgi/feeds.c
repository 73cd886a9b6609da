/* feeds -- the worker that answers GET /api/feeds. */
#include "app/feeds.h"
#include "app/admin.h"

int main(void)
{
    static const struct route routes[] = {
        {"/api/feeds", feeds_get},
        {"/healthz", admin_healthz},
        {0},
    };

    return serve("feeds", APP_FEEDS, routes);
}
