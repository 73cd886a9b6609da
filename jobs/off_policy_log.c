#include "off_policy_log.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "csv.h"

enum {
    NUMBER_BYTES = 64,
    CELLS_MOST = 10000000, /* of a table items x positions */
};

bool policy_names_init(struct policy_names *n, struct err *err)
{
    *n = (struct policy_names){0};
    return idmap_init(&n->items, 0, err) && idmap_init(&n->positions, 0, err);
}

void policy_names_release(struct policy_names *n)
{
    idmap_release(&n->items);
    idmap_release(&n->positions);
}

/* A text of any length as a key of 128 bits. */
static struct uuid key_of(struct span text)
{
    const uint64_t halves[2] = {hash64_seeded(text.at, text.bytes, 1),
                                hash64_seeded(text.at, text.bytes, 2)};
    struct uuid key;

    memcpy(key.b, halves, sizeof key.b);
    return key;
}

static bool find_number(struct span text, double *out)
{
    char copy[NUMBER_BYTES], *end;

    text = span_trim(text);
    if (!text.bytes || text.bytes >= sizeof copy)
        return false;
    memcpy(copy, text.at, text.bytes);
    copy[text.bytes] = 0;
    *out = strtod(copy, &end);
    return !*end && isfinite(*out);
}

/* ---- reading ---- */

enum column { ITEM, POSITION, REWARD, PROPENSITY, COLUMNS };

enum { ABSENT = -1 };

struct reader {
    struct csv csv;
    const char *path;
    int at[COLUMNS]; /* ABSENT: the log has no such column */
};

static bool find_columns(struct reader *r, struct err *err)
{
    static const char *const names[COLUMNS][2] = {
        [ITEM] = {"item_id", "item"},
        [POSITION] = {"position", "position"},
        [REWARD] = {"click", "reward"},
        [PROPENSITY] = {"propensity_score", "propensity"},
    };

    if (!csv_next(&r->csv) || r->csv.fault) {
        if (!r->csv.lines.failed)
            err_set(err, ERR_INVALID, "%s: no header", r->path);
        return false;
    }
    for (int c = 0; c < COLUMNS; c++) {
        r->at[c] = ABSENT;
        for (size_t i = 0; i < r->csv.count; i++)
            if (span_is(r->csv.field[i], names[c][0]) ||
                span_is(r->csv.field[i], names[c][1]))
                r->at[c] = (int)i;
        if (r->at[c] == ABSENT && c != POSITION)
            return err_set(err, ERR_INVALID, "%s: no column %s (or %s)",
                           r->path, names[c][0], names[c][1]);
    }
    return true;
}

static struct span field(const struct reader *r, enum column c)
{
    static const struct span none = {"", 0};

    if (r->at[c] == ABSENT || (size_t)r->at[c] >= r->csv.count)
        return none;
    return r->csv.field[r->at[c]];
}

static bool take_row(struct reader *r, struct policy_names *names,
                     struct policy_row *row, struct err *err)
{
    if (r->csv.fault)
        return err_set(err, ERR_INVALID, "%s:%llu: %s", r->path,
                       (unsigned long long)r->csv.first_line, r->csv.fault);
    if (!field(r, ITEM).bytes || !find_number(field(r, REWARD), &row->reward) ||
        !find_number(field(r, PROPENSITY), &row->propensity) ||
        !(row->propensity > 0 && row->propensity <= 1))
        return err_set(err, ERR_INVALID,
                       "%s:%llu: needs an item, a number as reward and a "
                       "propensity above 0 and at most 1",
                       r->path, (unsigned long long)r->csv.first_line);
    return idmap_add(&names->items, key_of(field(r, ITEM)), &row->item, err) &&
           idmap_add(&names->positions, key_of(field(r, POSITION)),
                     &row->position, err);
}

bool policy_log_read(struct policy_log *log, const char *path,
                     struct policy_names *names, struct err *err)
{
    struct reader r = {.path = path};
    struct policy_row row;
    bool ok;

    *log = (struct policy_log){0};
    if (!csv_open(&r.csv, path, ',', err))
        return false;
    ok = find_columns(&r, err);
    while (ok && csv_next(&r.csv)) {
        ok = take_row(&r, names, &row, err) &&
             mem_grow(&log->rows, &log->cap, log->count + 1, sizeof *log->rows,
                      err);
        if (ok)
            log->rows[log->count++] = row;
    }
    ok = ok && !r.csv.lines.failed;
    csv_close(&r.csv);
    if (ok && !log->count)
        ok = err_set(err, ERR_INVALID, "%s: no impression", path);
    if (!ok)
        policy_log_release(log);
    return ok;
}

void policy_log_release(struct policy_log *log)
{
    mem_give(log->rows);
    *log = (struct policy_log){0};
}

/* ---- policies ---- */

static bool take_table(const struct policy_names *names, double **out,
                       struct err *err)
{
    size_t cells = (size_t)names->items.count * names->positions.count;

    if (cells > CELLS_MOST)
        return err_set(err, ERR_LIMIT,
                       "%u items at %u positions: at most %d together",
                       names->items.count, names->positions.count, CELLS_MOST);
    return mem_take(cells, sizeof **out, out, err);
}

bool policy_shares(const struct policy_log *log,
                   const struct policy_names *names, double **chances,
                   struct err *err)
{
    uint32_t items = names->items.count, positions = names->positions.count;

    if (!take_table(names, chances, err))
        return false;
    for (size_t i = 0; i < log->count; i++)
        (*chances)[(size_t)log->rows[i].item * positions +
                   log->rows[i].position]++;
    for (uint32_t p = 0; p < positions; p++) {
        double shown = 0;
        for (uint32_t i = 0; i < items; i++)
            shown += (*chances)[(size_t)i * positions + p];
        for (uint32_t i = 0; i < items && shown > 0; i++)
            (*chances)[(size_t)i * positions + p] /= shown;
    }
    return true;
}

bool policy_uniform(const struct policy_log *log,
                    const struct policy_names *names, double **chances,
                    struct err *err)
{
    uint32_t items = names->items.count, positions = names->positions.count;
    uint32_t shown = 0;
    uint8_t *seen;
    bool ok;

    if (!mem_take(items, 1, &seen, err))
        return false;
    for (size_t i = 0; i < log->count; i++) {
        shown += !seen[log->rows[i].item];
        seen[log->rows[i].item] = 1;
    }
    ok = take_table(names, chances, err);
    for (uint32_t i = 0; ok && i < items; i++)
        for (uint32_t p = 0; seen[i] && p < positions; p++)
            (*chances)[(size_t)i * positions + p] = 1.0 / shown;
    mem_give(seen);
    return ok;
}
