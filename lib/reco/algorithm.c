#include "reco/algorithm.h"

#include <string.h>

/* One row an algorithm, in its own file; the order is that of reports. */
extern const struct algorithm algorithm_random, algorithm_popular,
    algorithm_recent_popular;
extern const struct algorithm algorithm_user_knn;

const struct algorithm *const algorithms[] = {
    &algorithm_random,
    &algorithm_popular,
    &algorithm_recent_popular,
    &algorithm_user_knn,
    NULL,
};

const struct algorithm *algorithm_find(const char *name)
{
    for (size_t i = 0; algorithms[i]; i++)
        if (!strcmp(algorithms[i]->name, name))
            return algorithms[i];
    return NULL;
}
