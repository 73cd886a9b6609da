#include "reco/profile.h"

#include <string.h>

#include "base/mem.h"

enum {
    SLOTS_PER_EVENT = 2,
    HASH_SHIFT = 32,
    /* Events whose posts are asked for ahead: first their slots, then ids. */
    SLOTS_AHEAD = 16,
    IDS_AHEAD = 8,
};

static uint32_t slots_of(uint32_t events)
{
    uint32_t slots = 1;

    while (slots < SLOTS_PER_EVENT * events)
        slots *= 2;
    return slots;
}

bool profile_init(struct profile *p, uint32_t most_events, struct err *err)
{
    uint32_t slots;

    *p = (struct profile){.most_events = most_events};
    if (most_events < 1 || most_events > PROFILE_EVENTS_MOST)
        return err_set(err, ERR_INVALID, "profile of %u events", most_events);
    slots = slots_of(most_events);
    p->slot_mask = slots - 1;
    if (mem_take(most_events, sizeof *p->posts, &p->posts, err) &&
        mem_take(most_events, sizeof *p->hidden, &p->hidden, err) &&
        mem_take(slots, sizeof *p->slots, &p->slots, err) &&
        mem_take(most_events, sizeof *p->seen, &p->seen, err) &&
        mem_take(most_events, sizeof *p->masks, &p->masks, err) &&
        mem_take(most_events, sizeof *p->again, &p->again, err) &&
        mem_take(most_events, sizeof *p->place_of, &p->place_of, err))
        return true;
    profile_release(p);
    return false;
}

void profile_release(struct profile *p)
{
    mem_give(p->posts);
    mem_give(p->hidden);
    mem_give(p->slots);
    mem_give(p->seen);
    mem_give(p->masks);
    mem_give(p->again);
    mem_give(p->place_of);
    *p = (struct profile){0};
}

/* The slot that holds the post, or the free one where it belongs. */
static uint32_t slot_of(const struct profile *p, uint32_t post)
{
    const uint64_t golden = 0x9e3779b97f4a7c15u; /* 2^64 / golden ratio */
    uint32_t i = (uint32_t)(post * golden >> HASH_SHIFT) & p->slot_mask;

    while (p->slots[i] && p->seen[p->slots[i] - 1] != post)
        i = (i + 1) & p->slot_mask;
    return i;
}

/* Newest first: which events belong to the same post. Returns the posts. */
static uint32_t gather(struct profile *p, const struct model *model,
                       const struct history_event *events, uint32_t count)
{
    uint32_t seen = 0;

    p->slot_mask = slots_of(count) - 1;
    memset(p->slots, 0, ((size_t)p->slot_mask + 1) * sizeof *p->slots);
    for (uint32_t e = 0; e < count; e++) {
        uint32_t post, slot;
        if (e + SLOTS_AHEAD < count)
            model_fetch_slot(model, events[e + SLOTS_AHEAD].post);
        if (e + IDS_AHEAD < count)
            model_fetch_post(model, events[e + IDS_AHEAD].post);
        if (!model_find_post(model, events[e].post, &post)) {
            p->place_of[e] = ORDINAL_NONE;
            p->unknown_count++;
            continue;
        }
        slot = slot_of(p, post);
        if (!p->slots[slot]) {
            p->seen[seen] = post;
            p->masks[seen] = 0;
            p->again[seen] = events[e].at_ms < p->again_before_ms;
            p->slots[slot] = ++seen;
        }
        p->place_of[e] = p->slots[slot] - 1;
    }
    return seen;
}

void profile_make(struct profile *p, const struct model *model,
                  const struct history_event *events, uint32_t count)
{
    uint32_t seen;

    p->count = p->hidden_count = p->unknown_count = p->norm = 0;
    count = count < p->most_events ? count : p->most_events;
    p->oldest_at_ms = count ? events[count - 1].at_ms : INT64_MAX;
    seen = gather(p, model, events, count);
    for (uint32_t e = count; e-- > 0;) /* oldest first */
        if (p->place_of[e] != ORDINAL_NONE) {
            uint8_t *mask = &p->masks[p->place_of[e]];
            *mask = mask_fold(*mask, events[e].type);
        }
    for (uint32_t i = 0; i < seen; i++) {
        uint8_t mask = p->masks[i], weight = model->weight_of[mask];
        if (mask & MASK_HIDE) {
            p->hidden[p->hidden_count++] = p->seen[i];
            p->again[i] = false;
            continue;
        }
        p->posts[p->count++] =
            (struct profile_post){p->seen[i], mask, weight, p->again[i]};
        p->norm += (uint32_t)weight * weight;
    }
}

/* At most so many of a mask's types, as profile_recall() gives them. */
static uint8_t first_types(uint8_t mask, uint32_t most)
{
    unsigned out = 0;

    for (unsigned rest = mask; rest && most; rest &= rest - 1, most--)
        out |= rest & -rest;
    return (uint8_t)out;
}

uint32_t profile_recall(const struct model *model, uint32_t user,
                        struct history_event *out, uint32_t most)
{
    struct row row = model_user_row(model, user);
    uint32_t count = 0;

    for (uint32_t i = 0; i < row.count; i++)
        for (enum event_type t = EVENT_VIEW; t <= EVENT_SHARE; t++)
            if (pair_mask(row.pairs[i]) >> t & 1 && count < most)
                out[count++] = (struct history_event){
                    .post = model->post_ids[pair_ordinal(row.pairs[i])],
                    .at_ms = model->meta->trained_until_ms,
                    .type = t};
    return count;
}

void profile_of_user(struct profile *p, const struct model *model,
                     uint32_t user)
{
    struct row row = model_user_row(model, user);
    int64_t at_ms = model->meta->trained_until_ms;
    uint32_t left = p->most_events;

    p->count = p->hidden_count = p->unknown_count = p->norm = 0;
    p->slot_mask = slots_of(row.count < left ? row.count : left) - 1;
    memset(p->slots, 0, ((size_t)p->slot_mask + 1) * sizeof *p->slots);
    for (uint32_t i = 0; i < row.count && left; i++) {
        uint32_t post = pair_ordinal(row.pairs[i]), n = p->count;
        uint8_t mask = first_types(pair_mask(row.pairs[i]), left);

        if (!mask)
            continue;
        left -= (uint32_t)__builtin_popcount(mask);
        p->seen[n] = post;
        p->again[n] = at_ms < p->again_before_ms;
        p->slots[slot_of(p, post)] = n + 1;
        p->posts[n] = (struct profile_post){post, mask, model->weight_of[mask],
                                            p->again[n]};
        p->norm += (uint32_t)p->posts[n].weight * p->posts[n].weight;
        p->count++;
    }
    p->oldest_at_ms = p->count ? at_ms : INT64_MAX;
}

bool profile_has(const struct profile *p, uint32_t post)
{
    return p->slots[slot_of(p, post)] != 0;
}

bool profile_find(const struct profile *p, uint32_t post, bool *again)
{
    uint32_t place = p->slots[slot_of(p, post)];

    *again = place && p->again[place - 1];
    return place != 0;
}
