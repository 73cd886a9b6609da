/* Protocols whose files say themselves what is trained on and what tested. */
#include "base/mem.h"

#include "csv.h"
#include "dataset_read.h"

enum { KNOWN = SPLIT_TRAIN | SPLIT_HISTORY, MS_PER_S = 1000 };

/*
 * Sequences have an order but no times: one step is a day, so that an
 * algorithm that asks for times sees the order.
 */
enum { STEP_MS = 86400 * MS_PER_S };

/* ---- lightgcn ---- */

static bool read_lists(struct dataset *d, struct dataset_ids *ids,
                       const char *dir, const char *name, uint8_t role,
                       struct err *err)
{
    struct lines lines;
    struct span line, user, item;
    bool ok = dataset_open(dir, name, &lines, err);

    if (!ok)
        return false;
    while (ok && lines_next(&lines, &line)) {
        if (lines.cut || !dataset_word(&line, &user)) {
            dataset_bad_line(d, lines.number);
            continue;
        }
        while (ok && dataset_word(&line, &item))
            ok = dataset_add(d, ids, user, item, EVENT_VIEW, 0, role, err);
    }
    ok = ok && !lines.failed;
    lines_close(&lines);
    return ok;
}

bool dataset_load_lightgcn(struct dataset *d, const struct dataset_plan *plan,
                           struct err *err)
{
    struct dataset_ids ids;
    bool ok;

    if (!dataset_ids_init(&ids, err))
        return false;
    ok = read_lists(d, &ids, plan->path, "train.txt", KNOWN, err) &&
         read_lists(d, &ids, plan->path, "test.txt", SPLIT_TEST, err) &&
         dataset_settle(d, &ids, NULL, err);
    if (ok && plan->tuning)
        split_hold_tenth(&d->log);
    dataset_ids_release(&ids);
    return ok;
}

/* ---- ml100k-loo ---- */

static bool read_pairs(struct dataset *d, struct dataset_ids *ids,
                       const char *dir, const char *name, uint8_t role,
                       struct err *err)
{
    char path[DATASET_PATH_BYTES];
    struct csv csv;
    bool ok = true;

    if (!dataset_find(dir, name, path))
        return err_set(err, ERR_ABSENT, "%s: no %s or %s.gz there", dir, name,
                       name);
    if (!csv_open(&csv, path, ',', err))
        return false;
    (void)csv_next(&csv); /* the header */
    while (ok && csv_next(&csv)) {
        if (csv.fault || csv.count < 2)
            dataset_bad_line(d, csv.first_line);
        else
            ok = dataset_add(d, ids, csv.field[0], csv.field[1], EVENT_VIEW, 0,
                             role, err);
    }
    ok = ok && !csv.lines.failed;
    csv_close(&csv);
    return ok;
}

bool dataset_load_loo(struct dataset *d, const struct dataset_plan *plan,
                      struct err *err)
{
    struct dataset_ids ids;
    bool ok;

    if (!dataset_ids_init(&ids, err))
        return false;
    ok = read_pairs(d, &ids, plan->path, "train.csv", KNOWN, err) &&
         read_pairs(d, &ids, plan->path, "validation.csv",
                    plan->tuning ? SPLIT_TEST : 0, err) &&
         read_pairs(d, &ids, plan->path, "test.csv",
                    plan->tuning ? 0 : SPLIT_TEST, err) &&
         dataset_settle(d, &ids, NULL, err);
    dataset_ids_release(&ids);
    return ok;
}

/* ---- MovieLens 100K ---- */

static bool add_rating(struct dataset *d, struct dataset_ids *ids,
                       struct span line, uint64_t number, uint8_t role,
                       struct err *err)
{
    struct span user, item, rating, at;
    int64_t at_s;

    if (!dataset_word(&line, &user) || !dataset_word(&line, &item) ||
        !dataset_word(&line, &rating) || !dataset_word(&line, &at) ||
        !span_i64(at, &at_s) || at_s < 0 || at_s > UINT32_MAX) {
        dataset_bad_line(d, number);
        return true;
    }
    return dataset_add(d, ids, user, item, EVENT_VIEW, at_s * MS_PER_S, role,
                       err);
}

static bool read_ratings(struct dataset *d, struct dataset_ids *ids,
                         const char *dir, const char *name, uint8_t role,
                         struct err *err)
{
    struct lines lines;
    struct span line;
    bool ok = dataset_open(dir, name, &lines, err);

    if (!ok)
        return false;
    while (ok && lines_next(&lines, &line))
        ok = add_rating(d, ids, line, lines.number, role, err);
    ok = ok && !lines.failed;
    lines_close(&lines);
    return ok;
}

/* id|title|date|video date|url| and 19 flags: the flags are the terms. */
static bool read_genres(struct dataset_ids *ids, struct dataset_terms *terms,
                        const char *dir, struct err *err)
{
    enum { FIRST_FLAG = 5 };
    char path[DATASET_PATH_BYTES];
    struct lines lines;
    struct span line, field;
    bool ok = true;

    if (!dataset_find(dir, "u.item", path))
        return true;
    if (!lines_open(&lines, path, err))
        return false;
    while (ok && lines_next(&lines, &line)) {
        uint32_t post = 0;
        for (int i = 0; ok && span_cut(&line, '|', &field); i++) {
            char name = (char)('A' + i);
            if (!i &&
                !(ok = idmap_add(&ids->posts, dataset_key(field), &post, err)))
                break;
            if (i >= FIRST_FLAG && span_is(field, "1"))
                ok = dataset_terms_add(terms, post, (struct span){&name, 1}, 1,
                                       err);
        }
    }
    ok = ok && !lines.failed;
    lines_close(&lines);
    return ok;
}

static bool load_halves(struct dataset *d, const struct dataset_plan *plan,
                        const char *base, const char *test, struct err *err)
{
    struct dataset_ids ids;
    struct dataset_terms terms;
    uint32_t *rank = NULL;
    bool ok;

    if (!dataset_ids_init(&ids, err))
        return false;
    d->log.has_times = true;
    ok = dataset_terms_init(&terms, err) &&
         read_ratings(d, &ids, plan->path, base, KNOWN, err) &&
         read_ratings(d, &ids, plan->path, test, SPLIT_TEST, err) &&
         read_genres(&ids, &terms, plan->path, err) &&
         dataset_settle(d, &ids, &rank, err) &&
         dataset_terms_settle(d, &terms, rank, err);
    if (ok && plan->tuning)
        split_hold_tenth(&d->log);
    dataset_terms_release(&terms);
    mem_give(rank);
    dataset_ids_release(&ids);
    return ok;
}

bool dataset_load_ua(struct dataset *d, const struct dataset_plan *plan,
                     struct err *err)
{
    return load_halves(d, plan, "ua.base", "ua.test", err);
}

bool dataset_load_ub(struct dataset *d, const struct dataset_plan *plan,
                     struct err *err)
{
    return load_halves(d, plan, "ub.base", "ub.test", err);
}

/* ---- sequences ---- */

/* Roles from the end: the last `behind` items are not used, the one before
 * them is tested, the one before that only asked with, unless tuning. */
static void set_roles(struct split_event *events, size_t count, bool tuning)
{
    size_t tested = count - 1 - (tuning ? 1 : 0);

    for (size_t i = 0; i < count; i++)
        if (i + 2 < count)
            events[i].role = KNOWN;
        else if (i < tested)
            events[i].role = SPLIT_HISTORY;
        else
            events[i].role = i == tested ? SPLIT_TEST : 0;
}

static bool add_sequence(struct dataset *d, struct dataset_ids *ids,
                         struct span line, uint64_t number, bool tuning,
                         struct err *err)
{
    size_t from = d->log.count;
    struct span user, item;
    int64_t at_ms = 0;

    if (!dataset_word(&line, &user)) {
        dataset_bad_line(d, number);
        return true;
    }
    while (dataset_word(&line, &item)) {
        at_ms += STEP_MS;
        if (!dataset_add(d, ids, user, item, EVENT_VIEW, at_ms, 0, err))
            return false;
    }
    /* Three items are the least to learn from, ask with and test. */
    if (d->log.count < from + 2 + 1)
        dataset_bad_line(d, number);
    else
        set_roles(d->log.events + from, d->log.count - from, tuning);
    return true;
}

bool dataset_load_sequences(struct dataset *d, const struct dataset_plan *plan,
                            struct err *err)
{
    struct dataset_ids ids;
    struct lines lines;
    struct span line;
    bool ok = true;

    if (!dataset_ids_init(&ids, err))
        return false;
    if (!dataset_open(plan->path, "sequences.txt", &lines, err)) {
        dataset_ids_release(&ids);
        return false;
    }
    d->log.has_times = true;
    while (ok && lines_next(&lines, &line))
        ok = add_sequence(d, &ids, line, lines.number, plan->tuning, err);
    ok = ok && !lines.failed && dataset_settle(d, &ids, NULL, err);
    lines_close(&lines);
    dataset_ids_release(&ids);
    return ok;
}
