/* track -- the worker that answers POST /api/track. */
#include "app/track.h"
#include "app/admin.h"

int main(void)
{
    static const struct route routes[] = {
        {"/api/track", track_post},
        {"/healthz", admin_healthz},
        {0},
    };

    return serve("track", APP_PLAIN, routes);
}
