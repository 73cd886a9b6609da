#include "base/idmap.h"

#include "base/hash.h"
#include "base/mem.h"

enum { FIRST_SLOTS = 64 };

static size_t slot_of(const struct idmap *m, struct uuid id)
{
    size_t i = hash64(id.b, UUID_BYTES) & (m->slot_count - 1);

    while (m->slots[i] && !uuid_equal(m->ids[m->slots[i] - 1], id))
        i = (i + 1) & (m->slot_count - 1);
    return i;
}

static bool resize(struct idmap *m, size_t slot_count, struct err *err)
{
    uint32_t *slots;

    if (!mem_take(slot_count, sizeof *slots, &slots, err))
        return false;
    mem_give(m->slots);
    m->slots = slots;
    m->slot_count = slot_count;
    for (uint32_t i = 0; i < m->count; i++)
        m->slots[slot_of(m, m->ids[i])] = i + 1;
    return true;
}

bool idmap_init(struct idmap *m, size_t expected, struct err *err)
{
    size_t slot_count = FIRST_SLOTS;

    while (slot_count < 2 * expected)
        slot_count *= 2;
    *m = (struct idmap){0};
    return resize(m, slot_count, err);
}

void idmap_release(struct idmap *m)
{
    mem_give(m->ids);
    mem_give(m->slots);
    *m = (struct idmap){0};
}

bool idmap_find(const struct idmap *m, struct uuid id, uint32_t *ordinal)
{
    size_t i = slot_of(m, id);

    if (!m->slots[i])
        return false;
    *ordinal = m->slots[i] - 1;
    return true;
}

bool idmap_add(struct idmap *m, struct uuid id, uint32_t *ordinal,
               struct err *err)
{
    size_t i = slot_of(m, id);

    if (!m->slots[i]) {
        if (m->count == UINT32_MAX)
            return err_set(err, ERR_LIMIT, "more than 2^32 ids");
        if (!mem_grow(&m->ids, &m->ids_cap, (size_t)m->count + 1,
                      sizeof *m->ids, err))
            return false;
        if ((size_t)m->count * 2 >= m->slot_count) {
            if (!resize(m, m->slot_count * 2, err))
                return false;
            i = slot_of(m, id);
        }
        m->ids[m->count++] = id;
        m->slots[i] = m->count;
    }
    *ordinal = m->slots[i] - 1;
    return true;
}
