/* admin -- the worker for what is asked rarely: health and the demo. */
#include "app/admin.h"
#include "app/demo.h"

int main(void)
{
    static const struct route routes[] = {
        {"/healthz", admin_healthz},
        {"/readyz", admin_readyz},
        {"/api/demo/readers", demo_get_readers},
        {"/api/demo/read-as", demo_read_as},
        {0},
    };

    return serve("admin", APP_PLAIN, routes);
}
