#include "dataset_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "base/mem.h"

enum { EXPECTED_IDS = 1024, BYTE_BITS = 8, WORD_MOST = 64, KEY_BYTES = 8 };
#define SIGN_BIT ((uint64_t)1 << 63)
#define OTHER_SEED 1 /* of the second half of a key that is no number */

/* ---- files ---- */

bool dataset_find(const char *dir, const char *name,
                  char path[DATASET_PATH_BYTES])
{
    static const char *const endings[] = {"", ".gz"};
    struct stat st;

    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        int bytes = snprintf(path, DATASET_PATH_BYTES, "%s/%s%s", dir, name,
                             endings[i]);
        if (bytes > 0 && bytes < DATASET_PATH_BYTES && !stat(path, &st) &&
            S_ISREG(st.st_mode))
            return true;
    }
    return false;
}

bool dataset_open(const char *dir, const char *name, struct lines *lines,
                  struct err *err)
{
    char path[DATASET_PATH_BYTES];

    if (!dataset_find(dir, name, path))
        return err_set(err, ERR_ABSENT, "%s: no %s or %s.gz there", dir, name,
                       name);
    return lines_open(lines, path, err);
}

bool dataset_word(struct span *rest, struct span *word)
{
    size_t from = 0, to;

    while (from < rest->bytes &&
           (rest->at[from] == ' ' || rest->at[from] == '\t'))
        from++;
    for (to = from;
         to < rest->bytes && rest->at[to] != ' ' && rest->at[to] != '\t'; to++)
        ;
    *word = (struct span){rest->at + from, to - from};
    *rest = (struct span){rest->at + to, rest->bytes - to};
    return word->bytes > 0;
}

void dataset_bad_line(struct dataset *d, uint64_t number)
{
    if (!d->bad_lines++)
        d->first_bad = number;
}

/* ---- ids ---- */

bool dataset_ids_init(struct dataset_ids *ids, struct err *err)
{
    *ids = (struct dataset_ids){0};
    if (!idmap_init(&ids->users, EXPECTED_IDS, err))
        return false;
    if (idmap_init(&ids->posts, EXPECTED_IDS, err))
        return true;
    idmap_release(&ids->users);
    return false;
}

void dataset_ids_release(struct dataset_ids *ids)
{
    idmap_release(&ids->users);
    idmap_release(&ids->posts);
}

static void put_big_endian(unsigned char *out, uint64_t value)
{
    for (int i = KEY_BYTES; i-- > 0; value >>= BYTE_BITS)
        out[i] = (unsigned char)value;
}

struct uuid dataset_key(struct span id)
{
    struct uuid key = {{0}};
    int64_t number;

    if (span_i64(id, &number)) {
        put_big_endian(key.b + KEY_BYTES, (uint64_t)number ^ SIGN_BIT);
        return key;
    }
    put_big_endian(key.b, hash64(id.at, id.bytes) | 1);
    put_big_endian(key.b + KEY_BYTES,
                   hash64_seeded(id.at, id.bytes, OTHER_SEED));
    return key;
}

bool dataset_add(struct dataset *d, struct dataset_ids *ids, struct span user,
                 struct span post, enum event_type type, int64_t at_ms,
                 uint8_t role, struct err *err)
{
    struct split_event e = {
        .at_ms = at_ms, .type = (uint8_t)type, .role = role};

    return idmap_add(&ids->users, dataset_key(user), &e.user, err) &&
           idmap_add(&ids->posts, dataset_key(post), &e.post, err) &&
           split_log_add(&d->log, e, err);
}

static bool settle_published(struct split_log *log, const uint32_t *rank,
                             struct err *err)
{
    int64_t *sorted, *before = log->post_published_ms;

    if (!before)
        return true;
    if (!mem_take(log->post_count, sizeof *sorted, &sorted, err))
        return false;
    for (uint32_t i = 0; i < log->post_count; i++)
        sorted[rank[i]] = before[i];
    mem_give(before);
    log->post_published_ms = sorted;
    return true;
}

bool dataset_settle(struct dataset *d, struct dataset_ids *ids,
                    uint32_t **post_rank, struct err *err)
{
    uint32_t *users = NULL, *posts = NULL;
    bool ok = false;

    d->log.user_count = ids->users.count;
    d->log.post_count = ids->posts.count;
    if (!mem_take(ids->users.count, sizeof *users, &users, err) ||
        !mem_take(ids->posts.count, sizeof *posts, &posts, err) ||
        !ids_sort(ids->users.ids, ids->users.count, users, err) ||
        !ids_sort(ids->posts.ids, ids->posts.count, posts, err) ||
        !settle_published(&d->log, posts, err))
        goto out;
    for (size_t i = 0; i < d->log.count; i++) {
        struct split_event *e = &d->log.events[i];
        e->user = users[e->user];
        e->post = posts[e->post];
    }
    ok = true;
out:
    mem_give(users);
    if (ok && post_rank)
        *post_rank = posts;
    else
        mem_give(posts);
    return ok;
}

/* ---- contents ---- */

bool dataset_terms_init(struct dataset_terms *t, struct err *err)
{
    *t = (struct dataset_terms){0};
    return idmap_init(&t->names, EXPECTED_IDS, err);
}

void dataset_terms_release(struct dataset_terms *t)
{
    mem_give(t->all);
    idmap_release(&t->names);
}

bool dataset_terms_add(struct dataset_terms *t, uint32_t post, struct span word,
                       uint32_t count, struct err *err)
{
    struct dataset_term term = {.post = post, .count = count};

    if (!idmap_add(&t->names, dataset_key(word), &term.term, err) ||
        !mem_grow(&t->all, &t->cap, t->count + 1, sizeof *t->all, err))
        return false;
    t->all[t->count++] = term;
    return true;
}

static bool is_letter(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80;
}

bool dataset_terms_add_text(struct dataset_terms *t, uint32_t post,
                            struct span text, struct err *err)
{
    char word[WORD_MOST];
    size_t bytes = 0;

    for (size_t i = 0; i <= text.bytes; i++) {
        unsigned char c = i < text.bytes ? (unsigned char)text.at[i] : ' ';
        c = (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
        if (is_letter(c)) {
            if (bytes < WORD_MOST)
                word[bytes++] = (char)c;
            continue;
        }
        if (bytes >= 2 &&
            !dataset_terms_add(t, post, (struct span){word, bytes}, 1, err))
            return false;
        bytes = 0;
    }
    return true;
}

static int term_order(const void *a, const void *b)
{
    const struct dataset_term *x = a, *y = b;

    if (x->post != y->post)
        return x->post < y->post ? -1 : 1;
    return (x->term > y->term) - (x->term < y->term);
}

/* Equal (post, term) become one. */
static void merge_terms(struct dataset_terms *t)
{
    size_t kept = 0;

    qsort(t->all, t->count, sizeof *t->all, term_order);
    for (size_t i = 0; i < t->count; i++)
        if (kept && !term_order(&t->all[kept - 1], &t->all[i]))
            t->all[kept - 1].count += t->all[i].count;
        else
            t->all[kept++] = t->all[i];
    t->count = kept;
}

static void fill_contents(const struct dataset_terms *t, uint32_t post_count,
                          uint32_t *rows, uint32_t *terms, uint16_t *counts)
{
    for (size_t i = 0; i < t->count; i++) {
        uint32_t count = t->all[i].count;
        rows[t->all[i].post + 1]++;
        terms[i] = t->all[i].term;
        counts[i] = (uint16_t)(count < UINT16_MAX ? count : UINT16_MAX);
    }
    for (uint32_t p = 0; p < post_count; p++)
        rows[p + 1] += rows[p];
}

bool dataset_terms_settle(struct dataset *d, struct dataset_terms *t,
                          const uint32_t *post_rank, struct err *err)
{
    uint32_t *rows = NULL, *terms = NULL;
    uint16_t *counts = NULL;

    if (!t->count)
        return true;
    for (size_t i = 0; i < t->count; i++)
        t->all[i].post = post_rank[t->all[i].post];
    merge_terms(t);
    if (!mem_take(1, sizeof *d->log.contents, &d->log.contents, err) ||
        !mem_take((size_t)d->log.post_count + 1, sizeof *rows, &rows, err) ||
        !mem_take(t->count, sizeof *terms, &terms, err) ||
        !mem_take(t->count, sizeof *counts, &counts, err)) {
        mem_give(rows);
        mem_give(terms);
        mem_give(counts);
        return false;
    }
    fill_contents(t, d->log.post_count, rows, terms, counts);
    *d->log.contents = (struct contents){
        .term_count = t->names.count,
        .rows = rows,
        .terms = terms,
        .counts = counts,
    };
    return true;
}
