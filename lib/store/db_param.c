#include "store/db_param.h"

#include <endian.h>
#include <math.h>

/* pg_type.dat: the numbers are part of the wire format and never change. */
static const struct {
    unsigned one, array;
} oids[DB_TYPES] = {
    [DB_UUID] = {2950, 2951}, [DB_I64] = {20, 1016},  [DB_TEXT] = {25, 1009},
    [DB_MS] = {1184, 1185},   [DB_BOOL] = {16, 1000}, [DB_REAL] = {700, 1021},
};

/* PostgreSQL counts microseconds from 2000-01-01. */
#define EPOCH_MS INT64_C(946684800000)
enum { US_PER_MS = 1000 };

static void add_u32(struct buf *out, uint32_t value)
{
    uint32_t wire = htobe32(value);

    buf_add(out, &wire, sizeof wire);
}

static void add_u64(struct buf *out, uint64_t value)
{
    uint64_t wire = htobe64(value);

    buf_add(out, &wire, sizeof wire);
}

static bool add_ms(int64_t at_ms, struct buf *out, struct err *err)
{
    if (at_ms < DB_LEAST_MS || at_ms > DB_MOST_MS)
        return err_set(err, ERR_INVALID, "an instant outside years 1 to 9999");
    add_u64(out, (uint64_t)((at_ms - EPOCH_MS) * US_PER_MS));
    return true;
}

static bool add_text(struct span text, struct buf *out, struct err *err)
{
    if (text.bytes && memchr(text.at, 0, text.bytes))
        return err_set(err, ERR_INVALID, "a text with a NUL byte");
    buf_span(out, text);
    return true;
}

static void add_real(float value, struct buf *out)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    add_u32(out, bits);
}

static bool add_one(const struct db_param *p, struct buf *out, struct err *err)
{
    switch (p->type) {
    case DB_UUID:
        buf_add(out, p->uuid.b, UUID_BYTES);
        return true;
    case DB_I64:
        add_u64(out, (uint64_t)p->i64);
        return true;
    case DB_TEXT:
        return add_text(p->text, out, err);
    case DB_MS:
        return add_ms(p->i64, out, err);
    case DB_BOOL:
        buf_char(out, p->flag);
        return true;
    case DB_REAL:
        add_real(p->real, out);
        return true;
    case DB_TYPES:
        break;
    }
    return err_set(err, ERR_INVALID, "parameter type %d", (int)p->type);
}

/* Item i of an array as a parameter of its own. */
static struct db_param item(const struct db_param *p, size_t i)
{
    struct db_param one = {.type = p->type};

    switch (p->type) {
    case DB_UUID:
        one.uuid = ((const struct uuid *)p->items)[i];
        one.null = uuid_equal(one.uuid, (struct uuid){0});
        break;
    case DB_I64:
    case DB_MS:
        one.i64 = ((const int64_t *)p->items)[i];
        one.null = one.i64 == DB_NONE_I64;
        break;
    case DB_TEXT:
        one.text = ((const struct span *)p->items)[i];
        one.null = !one.text.at;
        break;
    case DB_BOOL:
        one.flag = ((const bool *)p->items)[i];
        break;
    case DB_REAL:
        one.real = ((const float *)p->items)[i];
        one.null = isnan(one.real);
        break;
    case DB_TYPES:
        break;
    }
    one.null = one.null && p->or_null;
    return one;
}

/* The length is known behind the value, its place is in front. */
static bool add_item(const struct db_param *one, struct buf *out,
                     struct err *err)
{
    size_t start = out->bytes + sizeof(uint32_t);
    uint32_t wire;

    if (one->null) {
        add_u32(out, UINT32_MAX); /* -1 */
        return true;
    }
    add_u32(out, 0);
    if (!add_one(one, out, err))
        return false;
    if (out->failed)
        return true; /* told once, by the caller */
    wire = htobe32((uint32_t)(out->bytes - start));
    memcpy(out->at + start - sizeof wire, &wire, sizeof wire);
    return true;
}

/* array_recv(): dimensions, has-nulls, element type, length, lower bound. */
static bool add_array(const struct db_param *p, struct buf *out,
                      struct err *err)
{
    add_u32(out, p->count > 0);
    add_u32(out, p->or_null);
    add_u32(out, oids[p->type].one);
    if (!p->count)
        return true;
    add_u32(out, (uint32_t)p->count);
    add_u32(out, 1);
    for (size_t i = 0; i < p->count; i++) {
        struct db_param one = item(p, i);

        if (!add_item(&one, out, err))
            return false;
    }
    return true;
}

unsigned db_param_oid(const struct db_param *p)
{
    return p->array ? oids[p->type].array : oids[p->type].one;
}

bool db_param_write(const struct db_param *p, struct buf *out, struct err *err)
{
    if (!(p->array ? add_array : add_one)(p, out, err))
        return false;
    if (out->failed)
        return err_set(err, ERR_LIMIT, "parameters over %zu bytes",
                       out->most_bytes);
    return true;
}
