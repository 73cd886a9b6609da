#include "reco/algorithm.h"

#include <string.h>

/* One row an algorithm, in its own file; the order is that of reports. */
extern const struct algorithm algorithm_random, algorithm_popular,
    algorithm_recent_popular;
extern const struct algorithm algorithm_user_knn, algorithm_user_knn_idf;
extern const struct algorithm algorithm_item_knn, algorithm_rp3beta,
    algorithm_ease, algorithm_spectral, algorithm_blend, algorithm_hybrid,
    algorithm_content;

/* clang-format off */
const struct algorithm *const algorithms[] = {
    &algorithm_random,
    &algorithm_popular,
    &algorithm_recent_popular,
    &algorithm_user_knn,
    &algorithm_user_knn_idf,
    &algorithm_item_knn,
    &algorithm_rp3beta,
    &algorithm_ease,
    &algorithm_spectral,
    &algorithm_blend,
    &algorithm_content,
    &algorithm_hybrid,
    NULL,
};
/* clang-format on */

const struct algorithm *algorithm_find(const char *name)
{
    for (size_t i = 0; algorithms[i]; i++)
        if (!strcmp(algorithms[i]->name, name))
            return algorithms[i];
    return NULL;
}
