/* feeds -- the worker that answers GET /api/feeds. */
#include "app/feeds.h"

int main(void)
{
    static const struct route routes[] = {
        {"/api/feeds", feeds_get},
        {0},
    };

    return serve("feeds", APP_FEEDS, routes);
}
