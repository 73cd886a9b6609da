#include "store/batch.h"

#include "base/mem.h"
#include "queries.h"

/* The rows as one array a column. */
struct columns {
    struct uuid *users, *posts;
    float *scores;
};

static bool columns_take(struct columns *c, const struct batch_row *rows,
                         size_t count, struct err *err)
{
    *c = (struct columns){0};
    if (!mem_take(count, sizeof *c->users, &c->users, err) ||
        !mem_take(count, sizeof *c->posts, &c->posts, err) ||
        !mem_take(count, sizeof *c->scores, &c->scores, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        c->users[i] = rows[i].user;
        c->posts[i] = rows[i].post;
        c->scores[i] = rows[i].score;
    }
    return true;
}

static void columns_give(struct columns *c)
{
    mem_give(c->users);
    mem_give(c->posts);
    mem_give(c->scores);
}

bool batch_write(struct db *db, const struct batch_row *rows, size_t count,
                 int64_t generated_at_ms, int64_t expires_at_ms,
                 int64_t until_us, struct err *err)
{
    struct columns c;
    bool ok = false;

    if (count > BATCH_WRITE_MOST)
        return err_set(err, ERR_LIMIT, "%zu rows, at most %d", count,
                       BATCH_WRITE_MOST);
    if (columns_take(&c, rows, count, err)) {
        struct db_param in[] = {
            db_param_array(DB_UUID, c.users, count),
            db_param_array(DB_UUID, c.posts, count),
            db_param_array(DB_REAL, c.scores, count),
            db_param_ms(generated_at_ms),
            db_param_ms(expires_at_ms),
        };

        ok = db_query(db, DB_SQL(write_batch, ""), in, sizeof in / sizeof *in,
                      until_us, NULL, err);
    }
    columns_give(&c);
    return ok;
}

bool batch_load(struct db *db, struct uuid user, size_t most, int64_t until_us,
                struct batch_pick *out, size_t *count, struct err *err)
{
    struct db_param in[] = {db_param_uuid(user), db_param_i64((int64_t)most)};
    struct db_rows rows;
    enum { POST, SCORE, GENERATED };

    *count = 0;
    if (!db_query(db, DB_SQL(load_batch, "urm"), in, sizeof in / sizeof *in,
                  until_us, &rows, err))
        return false;
    for (size_t i = 0; i < rows.count; i++)
        out[(*count)++] = (struct batch_pick){
            .post = db_rows_uuid(&rows, i, POST),
            .score = db_rows_real(&rows, i, SCORE),
            .generated_at_ms = db_rows_ms(&rows, i, GENERATED),
        };
    db_rows_release(&rows);
    return true;
}

bool batch_clean(struct db *db, size_t most, int64_t until_us, size_t *deleted,
                 struct err *err)
{
    struct db_param in = db_param_i64((int64_t)most);
    struct db_rows rows;

    if (!db_query(db, DB_SQL(delete_expired_batch, "i"), &in, 1, until_us,
                  &rows, err))
        return false;
    *deleted = (size_t)db_rows_i64(&rows, 0, 0);
    db_rows_release(&rows);
    return true;
}

bool batch_count(struct db *db, int64_t until_us, int64_t *active,
                 int64_t *expired, struct err *err)
{
    struct db_rows rows;

    if (!db_query(db, DB_SQL(count_batch, "ii"), NULL, 0, until_us, &rows, err))
        return false;
    *active = db_rows_i64(&rows, 0, 0);
    *expired = db_rows_i64(&rows, 0, 1);
    db_rows_release(&rows);
    return true;
}
