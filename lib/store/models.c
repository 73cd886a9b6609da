#include "store/models.h"

#include "queries.h"

const char *model_verdict_name(enum model_verdict verdict)
{
    static const char *const names[MODEL_VERDICTS] = {
        [MODEL_PASSED] = "passed",
        [MODEL_REFUSED] = "refused",
        [MODEL_FORCED] = "forced",
        [MODEL_FOUND] = "found",
    };

    return names[verdict];
}

const char *model_change_name(enum model_change change)
{
    static const char *const names[CHANGES] = {
        [CHANGE_TRAIN] = "train",
        [CHANGE_PROMOTE] = "promote",
        [CHANGE_ROLLBACK] = "rollback",
        [CHANGE_FOUND] = "found",
    };

    return names[change];
}

bool models_record(struct db *db, const struct model_record *m,
                   int64_t until_us, struct err *err)
{
    const struct db_param in[] = {
        db_param_text(m->version),
        m->run_id ? db_param_i64(m->run_id) : db_param_null(DB_I64),
        db_param_text(m->algorithm),
        db_param_text(span_of(model_verdict_name(m->verdict))),
        db_param_text(m->reason),
        db_param_text(m->data_hash),
        db_param_text(m->sha256),
        db_param_i64(m->bytes),
        db_param_i64(m->users),
        db_param_i64(m->posts),
        db_param_i64(m->pairs),
        db_param_ms(m->built_at_ms),
        m->trained_until_ms ? db_param_ms(m->trained_until_ms)
                            : db_param_null(DB_MS),
    };

    return db_query(db, DB_SQL(upsert_model, ""), in, sizeof in / sizeof *in,
                    until_us, NULL, err);
}

bool models_change(struct db *db, enum model_change change, struct span version,
                   struct span reason, int64_t at_ms, int64_t until_us,
                   struct err *err)
{
    const struct db_param in[] = {
        db_param_text(version),
        db_param_text(span_of(model_change_name(change))),
        db_param_text(reason),
        db_param_ms(at_ms),
    };

    return db_query(db, DB_SQL(insert_model_change, ""), in,
                    sizeof in / sizeof *in, until_us, NULL, err);
}

#define MODEL_SHAPE                                                            \
    "tIttttt"                                                                  \
    "iiii"                                                                     \
    "mMMTT"

static struct models models_of(struct db *db, struct db_sql sql,
                               const struct db_param *in, size_t count,
                               int64_t until_us, struct err *err)
{
    struct models it = {0};

    it.failed = !db_query(db, sql, in, count, until_us, &it.rows, err);
    return it;
}

struct models models_newest(struct db *db, size_t most, int64_t until_us,
                            struct err *err)
{
    const struct db_param in = db_param_i64((int64_t)most);

    return models_of(db, DB_SQL(load_models, MODEL_SHAPE), &in, 1, until_us,
                     err);
}

struct models models_by_version(struct db *db, struct span version,
                                int64_t until_us, struct err *err)
{
    const struct db_param in = db_param_text(version);

    return models_of(db, DB_SQL(load_model, MODEL_SHAPE), &in, 1, until_us,
                     err);
}

struct models models_before(struct db *db, struct span live, size_t most,
                            int64_t until_us, struct err *err)
{
    const struct db_param in[] = {db_param_text(live),
                                  db_param_i64((int64_t)most)};

    return models_of(db, DB_SQL(load_models_before, MODEL_SHAPE), in,
                     sizeof in / sizeof *in, until_us, err);
}

bool models_next(struct models *it, struct model_row *row)
{
    enum {
        VERSION,
        RUN,
        ALGORITHM,
        VERDICT,
        REASON,
        HASH,
        SHA256,
        BYTES,
        USERS,
        POSTS,
        PAIRS,
        BUILT,
        UNTIL,
        LIVE,
        CHANGE,
        WHY,
    };
    const struct db_rows *r = &it->rows;
    size_t i = it->next;

    if (it->failed || i >= r->count)
        return false;
    *row = (struct model_row){
        .version = db_rows_text(r, i, VERSION),
        .run_id = db_rows_i64(r, i, RUN),
        .algorithm = db_rows_text(r, i, ALGORITHM),
        .verdict = db_rows_text(r, i, VERDICT),
        .reason = db_rows_text(r, i, REASON),
        .data_hash = db_rows_text(r, i, HASH),
        .sha256 = db_rows_text(r, i, SHA256),
        .bytes = db_rows_i64(r, i, BYTES),
        .users = db_rows_i64(r, i, USERS),
        .posts = db_rows_i64(r, i, POSTS),
        .pairs = db_rows_i64(r, i, PAIRS),
        .built_at_ms = db_rows_ms(r, i, BUILT),
        .trained_until_ms = db_rows_ms(r, i, UNTIL),
        .live_at_ms =
            db_rows_null(r, i, LIVE) ? DB_NONE_I64 : db_rows_ms(r, i, LIVE),
        .change = db_rows_text(r, i, CHANGE),
        .change_reason = db_rows_text(r, i, WHY),
    };
    it->next++;
    return true;
}

void models_end(struct models *it)
{
    db_rows_release(&it->rows);
}
