#include "reco/knn_room.h"

#include "base/mem.h"
#include "base/vector.h"
#include "reco/algorithm.h"

bool knn_room_open(const void *knn, const struct matrix *m, uint32_t peers,
                   size_t peer_bytes, void **room, struct err *err)
{
    struct knn_room *r;

    if (!mem_take(1, sizeof *r, &r, err))
        return false;
    r->knn = knn;
    if (!mem_take(m->user_count, sizeof *r->dots, &r->dots, err) ||
        !mem_take(peers, peer_bytes, &r->peers, err) ||
        !mem_take(m->post_count, sizeof *r->sums, &r->sums, err)) {
        knn_room_close(r);
        return false;
    }
    *room = r;
    return true;
}

void knn_room_close(void *room)
{
    struct knn_room *r = room;

    if (!r)
        return;
    mem_give(r->dots);
    mem_give(r->peers);
    mem_give(r->sums);
    mem_give(r);
}

VECTOR void knn_room_scores(struct knn_room *r, uint32_t post_count,
                            const double *by, float *scores)
{
    for (uint32_t i = 0; i < post_count; i++) {
        float score = (float)(by ? r->sums[i] * by[i] : r->sums[i]);
        scores[i] = score > 0 ? score : NO_SCORE;
        r->sums[i] = 0;
    }
}
