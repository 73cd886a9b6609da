#include "reco/neighbours_batch.h"

#include "base/mem.h"
#include "reco/neighbours.h"
#include "reco/reader_index.h"
#include "reco/sort_keys.h"

enum {
    DOT16_MOST = UINT16_MAX,
    DOT_BITS = 16,
    BATCH_FOUND = 512, /* users of a reader who may be near */
    FOUND_ARRAYS = 3,  /* places, dots, keys */
    THIN_FROM = 3,     /* times k found users raise the floor */
    TILE_BLOCKS = INDEX_TILE / KERNEL_USERS,
    WORD_BITS = 64,
    HALF_BITS = 32,
};

/* Keys are floats; bounds get this much more, far over all rounding. */
#define BOUND_SLACK 1.000001

bool neighbours_batch_init(struct neighbours_batch *b,
                           const struct model *model,
                           struct reco_scratch *scratch, uint32_t most,
                           uint32_t k, struct err *err)
{
    *b = (struct neighbours_batch){
        .model = model, .scratch = scratch, .k = k, .most = most};
    if (mem_take_wide(most, sizeof *b->searches, &b->searches, err) &&
        mem_take_wide(most, k * sizeof *b->out, &b->out, err) &&
        (!model->index ||
         (mem_take_wide(most, FOUND_ARRAYS * BATCH_FOUND * sizeof *b->found,
                        &b->found, err) &&
          mem_take_wide(KERNEL_LINES, sizeof *b->planes, &b->planes, err) &&
          near_rows_init(&b->rows, model, err))))
        return true;
    neighbours_batch_release(b);
    return false;
}

void neighbours_batch_release(struct neighbours_batch *b)
{
    mem_give(b->searches);
    mem_give(b->out);
    mem_give(b->found);
    near_rows_release(&b->rows);
    mem_give(b->slots);
    mem_give(b->groups);
    mem_give(b->few);
    mem_give(b->keys);
    mem_give(b->planes);
    *b = (struct neighbours_batch){0};
}

/* ---- readers ---- */

void neighbours_batch_begin(struct neighbours_batch *b)
{
    b->count = 0;
    b->slot_count = b->group_count = b->few_count = 0;
}

/* Does it pay to look at every user, and do all dots fit 16 bits? */
static bool fits_batch(const struct model *m, const struct profile *p)
{
    uint64_t readers = 0, rows = 0, most;

    if (!m->index || !p->norm ||
        (uint64_t)p->norm * m->meta->largest_norm >
            (uint64_t)DOT16_MOST * DOT16_MOST)
        return false;
    most = m->index->readers_most;
    for (uint32_t j = 0; j < p->count; j++) {
        uint32_t post = p->posts[j].post;
        uint32_t some = model_post_row(m, post).count;
        readers += most && some > most ? most : some;
        rows += m->index_posts[post + 1] - m->index_posts[post];
    }
    return rows && readers >= m->user_count / SCRATCH_THIN;
}

static uint32_t count_rows(const struct model *m, const struct profile *p)
{
    uint32_t count = 0;

    for (uint32_t j = 0; j < p->count; j++) {
        uint32_t post = p->posts[j].post;
        count += m->index_posts[post + 1] - m->index_posts[post];
    }
    return count;
}

/* Room for a reader of so many rows; each may be a group of its own. */
static bool grow(struct neighbours_batch *b, size_t rows, struct err *err)
{
    return mem_grow(&b->slots, &b->slots_cap,
                    b->slot_count + rows * KERNEL_ROWS, sizeof *b->slots,
                    err) &&
           mem_grow(&b->groups, &b->groups_cap, b->group_count + rows,
                    sizeof *b->groups, err) &&
           mem_grow(&b->few, &b->few_cap, b->few_count + rows, sizeof *b->few,
                    err) &&
           mem_grow(&b->keys, &b->keys_cap, 2 * rows, sizeof *b->keys, err);
}

/* The rows of one post: near ones become keys, largest product first, then most
 * readers. */
static size_t add_post(struct neighbours_batch *b, struct batch_search *s,
                       struct profile_post mine, size_t count)
{
    const struct near_rows *n = &b->rows;
    const struct model *m = b->model;
    uint32_t most = 0;

    for (uint32_t r = m->index_posts[mine.post];
         r < m->index_posts[mine.post + 1]; r++) {
        uint32_t rank = n->ranks[r];
        uint32_t theirs = n->rows[rank].weight;
        uint32_t product = mine.weight * theirs;
        if (rank < n->near_count)
            b->keys[count++] = (uint64_t)~product << HALF_BITS | rank;
        else
            b->few[b->few_count++] =
                (struct batch_few){rank - n->near_count, mine.weight};
        theirs = theirs ? theirs : m->weight_most;
        most = theirs > most ? theirs : most;
    }
    s->dot_most += (uint64_t)mine.weight * most;
    return count;
}

/* A group is filled up with empty rows. */
static void end_group(struct neighbours_batch *b)
{
    struct kernel_slots *g = &b->groups[b->group_count - 1];

    for (; g->count % KERNEL_ROWS; g->count++)
        b->slots[b->slot_count++] = 0;
}

static void make_groups(struct neighbours_batch *b, size_t first, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t product = ~(uint32_t)(b->keys[i] >> HALF_BITS);
        struct kernel_slots *g = &b->groups[b->group_count];

        if (b->group_count == first || g[-1].product != product ||
            g[-1].count == KERNEL_ROWS_MOST) {
            if (b->group_count > first)
                end_group(b);
            *g = (struct kernel_slots){product, 0};
            b->group_count++;
        }
        b->groups[b->group_count - 1].count++;
        b->slots[b->slot_count++] = near_rows_slot((uint32_t)b->keys[i]);
    }
    if (b->group_count > first)
        end_group(b);
}

static uint32_t bits_of(uint64_t most)
{
    uint32_t bits = 1;

    while (bits < DOT_BITS && most >> bits)
        bits++;
    return bits;
}

static bool plan(struct neighbours_batch *b, struct batch_search *s,
                 const struct profile *p, struct err *err)
{
    size_t near = 0;

    if (!grow(b, count_rows(b->model, p), err))
        return false;
    s->slots = b->slot_count;
    s->groups = b->group_count;
    s->few = b->few_count;
    for (uint32_t j = 0; j < p->count; j++) {
        struct profile_post mine = p->posts[j];
        if (!mine.weight)
            continue;
        near = add_post(b, s, mine, near);
        s->weight_most =
            mine.weight > s->weight_most ? mine.weight : s->weight_most;
    }
    sort_keys(b->keys, b->keys + near, near);
    make_groups(b, s->groups, near);
    s->group_count = (uint32_t)(b->group_count - s->groups);
    s->few_count = (uint32_t)(b->few_count - s->few);
    s->bits = bits_of(s->dot_most);
    return true;
}

static void set_found(struct nearest *n, uint32_t *at)
{
    n->room = BATCH_FOUND;
    n->places = at;
    n->dots = at + BATCH_FOUND;
    n->keys = at + 2 * (size_t)BATCH_FOUND;
}

bool neighbours_batch_add(struct neighbours_batch *b,
                          const struct profile *profile, uint32_t self,
                          struct err *err)
{
    uint32_t i = b->count;
    struct batch_search *s = &b->searches[i];

    if (i == b->most)
        return err_set(err, ERR_LIMIT, "batch of %u readers is full", i);
    *s =
        (struct batch_search){.best = {.model = b->model,
                                       .erased = b->scratch->erased,
                                       .erased_count = b->scratch->erased_count,
                                       .self = self,
                                       .k = b->k,
                                       .floor = 1,
                                       .out = b->out + (size_t)i * b->k},
                              .norm = profile->norm};
    if (!fits_batch(b->model, profile)) {
        s->best.count = neighbours_find(b->model, b->scratch, profile, self,
                                        b->k, s->best.out);
        s->done = true;
    } else {
        set_found(&s->best, b->found + (size_t)i * FOUND_ARRAYS * BATCH_FOUND);
        if (!plan(b, s, profile, err))
            return false;
    }
    b->count++;
    return true;
}

/* ---- one reader in a line ---- */

static const float *scales_of(const struct neighbours_batch *b, uint32_t tile)
{
    return tile == b->model->user_count / INDEX_TILE
               ? b->scratch->index.last_scales
               : b->model->index_scales + (size_t)tile * INDEX_TILE;
}

/* Of the largest scale of each line: scales ascend, with zeros behind the last
 * user. */
static void set_lengths(struct neighbours_batch *b, uint32_t tile)
{
    const float *scales = scales_of(b, tile);

    for (uint32_t line = 0; line < KERNEL_LINES; line++) {
        float most = 0;
        for (uint32_t u = 0; u < KERNEL_LINE; u++, scales++)
            most = *scales > most ? *scales : most;
        b->lengths[line] = most > 0 ? 1 / most : DOT16_MOST + 1;
    }
}

/* Adds `sum` to the user at a bit: a carry goes from plane to plane. */
static void add_one(kernel_plane *planes, uint32_t bit, uint32_t sum)
{
    uint64_t *word = &planes[0][bit / WORD_BITS];

    for (; sum; sum >>= 1, word += KERNEL_LINE_WORDS) {
        uint64_t carry = (uint64_t)(sum & 1) << bit % WORD_BITS;
        for (uint64_t *at = word; carry; at += KERNEL_LINE_WORDS) {
            uint64_t old = *at;
            *at = old ^ carry;
            carry &= old;
        }
    }
}

static void add_few(const struct neighbours_batch *b,
                    const struct batch_search *s, uint32_t line)
{
    const struct batch_few *few = b->few + s->few;

    for (uint32_t i = 0; i < s->few_count; i++) {
        struct tile_few some;
        const struct tile_entry *e;

        if (!(b->rows.few_lines[few[i].at] >> line & 1))
            continue;
        some = b->rows.few[few[i].at];
        e = b->rows.entries + some.first;
        for (uint32_t n = 0; n < some.count; n++)
            if (e[n].place / KERNEL_LINE == line)
                add_one(b->planes[line], index_bit_of(e[n].place % KERNEL_LINE),
                        e[n].weight * few[i].weight);
    }
}

static void count_line(const struct neighbours_batch *b,
                       const struct batch_search *s, uint32_t line)
{
    add_few(b, s, line);
    b->scratch->kernel->count_line(
        &(struct kernel_line){near_rows_line(&b->rows, line),
                              b->slots + s->slots, b->groups + s->groups,
                              s->group_count, s->bits},
        b->planes[line]);
}

/* What the users of a line need to reach the floor: a little less than the
 * quotient, far over all rounding. 65,535 also stands for more. */
static uint32_t least_dot(uint32_t floor, float length)
{
    const float slack = 0.99999F;
    union {
        uint32_t bits;
        float value;
    } f = {.bits = floor};
    float need = f.value * slack * length;

    return need < 1 ? 1 : need > DOT16_MOST ? DOT16_MOST : (uint32_t)need;
}

static uint32_t dot_at(const kernel_plane *planes, uint32_t bits, uint32_t bit)
{
    const uint64_t *word = &planes[0][bit / WORD_BITS];
    uint32_t dot = 0;

    for (uint32_t c = 0; c < bits; c++, word += KERNEL_LINE_WORDS)
        dot |= (uint32_t)(*word >> bit % WORD_BITS & 1) << c;
    return dot;
}

/* Notes who reaches the floor. first: place of the line's first user. */
static void find_line(const struct neighbours_batch *b, struct batch_search *s,
                      uint32_t first)
{
    uint32_t line = first % INDEX_TILE / KERNEL_LINE;
    kernel_plane hits;

    if (b->scratch->kernel->reach_line(
            b->planes[line], s->bits,
            least_dot(s->best.floor, b->lengths[line]), hits))
        for (uint32_t w = 0; w < KERNEL_LINE_WORDS; w++)
            for (; hits[w]; hits[w] &= hits[w] - 1) {
                uint32_t bit =
                    w * WORD_BITS + (uint32_t)__builtin_ctzll(hits[w]);
                nearest_find(&s->best, first + index_place_of(bit),
                             dot_at(b->planes[line], s->bits, bit));
            }
    b->scratch->kernel->clear(b->planes[line], s->bits * sizeof(kernel_plane));
    if (s->best.found > THIN_FROM * b->k)
        nearest_thin_out(&s->best);
}

/*
 * The floor of a first tile is what so many of its blocks have that k of them
 * belong to others than him and the erased; who reaches it is found among
 * numbers, as many do.
 */
static void find_first(const struct neighbours_batch *b, struct nearest *n)
{
    const struct kernel *kernel = b->scratch->kernel;
    const uint16_t *dots = b->scratch->index.dots;
    const float *scales = scales_of(b, 0);
    uint32_t peaks[TILE_BLOCKS];

    kernel->dots[KERNEL_16].peaks(dots, scales, TILE_BLOCKS, peaks);
    n->floor = neighbour_floor(peaks, TILE_BLOCKS, n->k + 1 + n->erased_count);
    for (uint32_t i = 0; i < TILE_BLOCKS; i++) {
        uint32_t first = i * KERNEL_USERS, hits;
        if (peaks[i] < n->floor)
            continue;
        hits = kernel->dots[KERNEL_16].hits(dots + first, scales + first,
                                            n->floor);
        for (; hits; hits &= hits - 1) {
            uint32_t place = first + (uint32_t)__builtin_ctz(hits);
            nearest_find(n, place, dots[place]);
        }
    }
    nearest_thin_out(n);
}

/* Users with most posts come first and are the nearest of many readers: in the
 * first tile all dots become numbers. */
static void search_first(struct neighbours_batch *b, struct batch_search *s)
{
    const struct kernel *kernel = b->scratch->kernel;
    uint16_t *dots = b->scratch->index.dots;

    for (uint32_t line = 0; line < KERNEL_LINES; line++) {
        count_line(b, s, line);
        kernel->turn_line(b->planes[line], dots + (size_t)line * KERNEL_LINE);
    }
    find_first(b, &s->best);
    kernel->clear(b->planes, KERNEL_LINES * sizeof *b->planes);
    kernel->clear(dots, INDEX_TILE * sizeof *dots);
}

/* Can anybody of this tile reach the floor? As in neighbours_index.h. */
static bool is_near(const struct neighbours_batch *b,
                    const struct batch_search *s, uint32_t tile)
{
    const struct index_tile *t = &b->scratch->index.tiles[tile];
    double theirs = s->weight_most * (double)t->most_sum;
    double own = (double)s->dot_most * (double)t->most_scale;

    return kernel_bits((float)((theirs < own ? theirs : own) * BOUND_SLACK)) >=
           s->best.floor;
}

/* All readers in one line after the other: its rows stay near. */
static void search_tile(struct neighbours_batch *b, uint32_t tile)
{
    for (uint32_t line = 0; line < KERNEL_LINES; line++)
        for (uint32_t i = 0; i < b->count; i++) {
            struct batch_search *s = &b->searches[i];
            if (s->done || !is_near(b, s, tile))
                continue;
            count_line(b, s, line);
            find_line(b, s, tile * INDEX_TILE + line * KERNEL_LINE);
        }
}

static void search_all(struct neighbours_batch *b)
{
    near_rows_begin(&b->rows);
    for (uint32_t tile = 0; tile < index_tiles(b->model->user_count); tile++) {
        near_rows_open(&b->rows, tile);
        set_lengths(b, tile);
        for (uint32_t i = 0; !tile && i < b->count; i++)
            if (!b->searches[i].done)
                search_first(b, &b->searches[i]);
        if (tile)
            search_tile(b, tile);
    }
}

void neighbours_batch_search(struct neighbours_batch *b)
{
    if (b->slot_count + b->few_count)
        search_all(b);
    for (uint32_t i = 0; i < b->count; i++)
        if (!b->searches[i].done) {
            nearest_end(&b->searches[i].best);
            neighbour_end(b->searches[i].best.out, b->searches[i].best.count,
                          b->searches[i].norm);
        }
}

const struct neighbour *neighbours_batch_at(const struct neighbours_batch *b,
                                            uint32_t i, uint32_t *count)
{
    *count = b->searches[i].best.count;
    return b->searches[i].best.out;
}
