#include "store/db_copy.h"

#include <endian.h>
#include <string.h>

#include "store/db_inner.h"

/*
 * The binary format of COPY (PostgreSQL documentation, COPY, File Formats):
 * signature, 32 bits of flags, the length of an extension; then rows: a 16-bit
 * count of fields, each with a 32-bit length (-1: NULL); the count -1 ends it.
 */
static const char signature[11] = "PGCOPY\n\377\r\n";

enum {
    HEAD_BYTES = sizeof signature + 2 * sizeof(uint32_t),
    PIECE_BYTES = 64 << 10,
    OUT_MOST_BYTES = 64 << 20,
};

static bool cut(struct span *rest, size_t bytes, struct span *out)
{
    if (bytes > rest->bytes)
        return false;
    *out = (struct span){rest->at, bytes};
    rest->at += bytes;
    rest->bytes -= bytes;
    return true;
}

static bool cut_u32(struct span *rest, uint32_t *out)
{
    struct span wire;

    if (!cut(rest, sizeof *out, &wire))
        return false;
    memcpy(out, wire.at, sizeof *out);
    *out = be32toh(*out);
    return true;
}

static bool cut_u16(struct span *rest, uint16_t *out)
{
    struct span wire;

    if (!cut(rest, sizeof *out, &wire))
        return false;
    memcpy(out, wire.at, sizeof *out);
    *out = be16toh(*out);
    return true;
}

static bool cut_head(struct span *rest)
{
    struct span sign, extension;
    uint32_t flags, bytes;

    return cut(rest, sizeof signature, &sign) &&
           !memcmp(sign.at, signature, sizeof signature) &&
           cut_u32(rest, &flags) && flags == 0 && cut_u32(rest, &bytes) &&
           cut(rest, bytes, &extension);
}

static bool cut_cell(struct span *rest, char letter, struct db_cell *out)
{
    struct span value = {0};
    uint32_t bytes;

    if (!cut_u32(rest, &bytes))
        return false;
    if (bytes != UINT32_MAX && !cut(rest, bytes, &value))
        return false;
    *out = (struct db_cell){value.at, value.bytes};
    return db_value_fits(letter, *out);
}

/* True and the cells of a row; false at the end mark or (*bad) broken bytes. */
static bool cut_row(struct db_copy_out *c, bool *bad)
{
    uint16_t count;
    size_t columns = strlen(c->sql.gives);

    *bad = !cut_u16(&c->rest, &count);
    if (*bad || count == UINT16_MAX)
        return false;
    *bad = count != columns;
    for (size_t i = 0; i < columns && !*bad; i++)
        *bad = !cut_cell(&c->rest, c->sql.gives[i], &c->cells[i]);
    return !*bad;
}

struct db_copy_out db_copy_out_of(struct db *db, struct db_sql sql,
                                  int64_t until_us, struct err *err)
{
    struct db_copy_out c = {
        .db = db, .sql = sql, .until_us = until_us, .err = err};

    c.failed = !db_inner_ready(db, until_us, err) ||
               !db_inner_copy_begin(db, sql.text, false, until_us, err);
    if (!c.failed)
        db->busy = true;
    return c;
}

static bool copy_stop(struct db_copy_out *c, bool failed)
{
    c->ended = true;
    c->failed = failed;
    c->db->busy = false;
    return false;
}

static bool copy_broken(struct db_copy_out *c)
{
    db_inner_drop(c->db, true);
    err_set(c->err, ERR_CORRUPT, "%s: rows are not as \"%s\" says", c->sql.name,
            c->sql.gives);
    return copy_stop(c, true);
}

/* The next message of the server; false at the end or on failure. */
static bool next_message(struct db_copy_out *c)
{
    struct span got;

    db_inner_copy_give(c->message);
    c->message = NULL;
    if (!db_inner_copy_get(c->db, c->until_us, &got, c->err))
        return copy_stop(c, true);
    if (!got.at)
        return copy_stop(c, false);
    c->message = (char *)(uintptr_t)got.at;
    c->rest = got;
    if (!c->headed && !cut_head(&c->rest))
        return copy_broken(c);
    c->headed = true;
    return true;
}

bool db_copy_out_next(struct db_copy_out *c)
{
    bool bad;

    if (c->ended || c->failed)
        return false;
    for (;;) {
        while (!c->rest.bytes)
            if (!next_message(c))
                return false;
        if (cut_row(c, &bad))
            return true;
        if (bad)
            return copy_broken(c);
    }
}

void db_copy_out_end(struct db_copy_out *c)
{
    db_inner_copy_give(c->message);
    if (c->db && !c->ended && !c->failed)
        db_inner_drop(c->db, true);
    *c = (struct db_copy_out){0};
}

/* ---- in ---- */

static void add_u16(struct buf *out, uint16_t value)
{
    uint16_t wire = htobe16(value);

    buf_add(out, &wire, sizeof wire);
}

static void add_u32(struct buf *out, uint32_t value)
{
    uint32_t wire = htobe32(value);

    buf_add(out, &wire, sizeof wire);
}

bool db_copy_in_begin(struct db_copy_in *c, struct db *db, struct db_sql sql,
                      int64_t until_us, struct err *err)
{
    *c = (struct db_copy_in){.db = db, .until_us = until_us};
    buf_init(&c->out, OUT_MOST_BYTES);
    if (!db_inner_ready(db, until_us, err) ||
        !db_inner_copy_begin(db, sql.text, true, until_us, err))
        return false;
    db->busy = true;
    buf_add(&c->out, signature, sizeof signature);
    add_u32(&c->out, 0);
    add_u32(&c->out, 0);
    return true;
}

static bool send_piece(struct db_copy_in *c, struct err *err)
{
    if (!db_inner_copy_put(c->db, buf_view(&c->out), c->until_us, err))
        return false;
    buf_reset(&c->out);
    return true;
}

static bool add_field(struct buf *out, const struct db_param *field,
                      struct err *err)
{
    size_t start = out->bytes + sizeof(uint32_t);
    uint32_t wire;

    if (field->null) {
        add_u32(out, UINT32_MAX);
        return true;
    }
    add_u32(out, 0);
    if (!db_param_write(field, out, err))
        return false;
    wire = htobe32((uint32_t)(out->bytes - start));
    memcpy(out->at + start - sizeof wire, &wire, sizeof wire);
    return true;
}

bool db_copy_in_add(struct db_copy_in *c, const struct db_param *fields,
                    size_t field_count, struct err *err)
{
    bool ok = false;

    if (c->failed)
        return err_set(err, ERR_INVALID, "this copy has failed before");
    add_u16(&c->out, (uint16_t)field_count);
    for (size_t i = 0; i < field_count; i++)
        if (!add_field(&c->out, &fields[i], err))
            goto out;
    if (c->out.failed) {
        err_set(err, ERR_MEMORY, "copy: no memory for a row");
        goto out;
    }
    ok = c->out.bytes < PIECE_BYTES || send_piece(c, err);
out:
    c->failed = !ok;
    return ok;
}

bool db_copy_in_end(struct db_copy_in *c, bool keep, struct err *err)
{
    struct err ignored;
    struct db *db = c->db;
    bool open = db && db->busy, ok = false;

    if (open && keep && !c->failed) {
        add_u16(&c->out, UINT16_MAX);
        ok = send_piece(c, err) &&
             db_inner_copy_done(db, NULL, c->until_us, err);
    } else if (open) {
        /* The refusal we ask for is the answer we want. */
        if (db_inner_copy_done(db, "given up", c->until_us, &ignored))
            db_inner_drop(db, false);
        ok = !keep || err_set(err, ERR_INVALID, "copy: a row was refused");
    } else {
        ok = !keep || err_set(err, ERR_DOWN, "copy: the connection is lost");
    }
    if (db)
        db->busy = false;
    buf_release(&c->out);
    *c = (struct db_copy_in){0};
    return ok;
}
