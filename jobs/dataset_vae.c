/* ratings.csv as MovieLens 10M and later ship it. */
#include "dataset_read.h"

enum { HALVES_LEAST = 8, SEED = 98765 }; /* rating over 3.5; the paper's seed */

/* "4", "4.0", "3.5" in halves; false when it is none. */
static bool find_halves(struct span text, uint64_t *halves)
{
    struct span whole;
    uint64_t part = 0;

    if (!span_cut(&text, '.', &whole) || !span_u64(whole, halves))
        return false;
    if (text.bytes && (text.bytes > 1 || !span_u64(text, &part)))
        return false;
    *halves = 2 * *halves + (part ? 1 : 0);
    return true;
}

static bool add_line(struct dataset *d, struct dataset_ids *ids,
                     struct span line, uint64_t number, struct err *err)
{
    struct span user, item, rating;
    uint64_t halves;

    if (!span_cut(&line, ',', &user) || !span_cut(&line, ',', &item) ||
        !span_cut(&line, ',', &rating) || !user.bytes || !item.bytes ||
        !find_halves(rating, &halves)) {
        dataset_bad_line(d, number);
        return true;
    }
    return halves < HALVES_LEAST ||
           dataset_add(d, ids, user, item, EVENT_VIEW, 0, 0, err);
}

bool dataset_load_vae(struct dataset *d, const struct dataset_plan *plan,
                      struct err *err)
{
    struct dataset_ids ids;
    struct lines lines;
    struct span line;
    bool ok;

    if (!dataset_ids_init(&ids, err))
        return false;
    if (!dataset_open(plan->path, "ratings.csv", &lines, err)) {
        dataset_ids_release(&ids);
        return false;
    }
    ok = lines_next(&lines, &line) ||
         (!lines.failed &&
          err_set(err, ERR_INVALID, "ratings.csv has no header"));
    while (ok && lines_next(&lines, &line))
        ok = add_line(d, &ids, line, lines.number, err);
    ok = ok && !lines.failed && dataset_settle(d, &ids, NULL, err);
    lines_close(&lines);
    dataset_ids_release(&ids);
    return ok &&
           split_strong(&d->log, SEED, plan->held,
                        plan->tuning ? SPLIT_VALIDATION_SIDE : SPLIT_TEST_SIDE,
                        err);
}
