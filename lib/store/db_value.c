#include "store/db_value.h"

#include <ctype.h>
#include <endian.h>
#include <string.h>

/* pg_type.dat */
enum {
    OID_BOOL = 16,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_TEXT = 25,
    OID_REAL = 700,
    OID_TEXTS = 1009,
    OID_VARCHARS = 1015,
    OID_VARCHAR = 1043,
    OID_MS = 1184,
    OID_UUID = 2950,
};

/* PostgreSQL counts microseconds from 2000-01-01. */
#define EPOCH_MS INT64_C(946684800000)
enum { US_PER_MS = 1000 };

/* Dimensions, has-nulls, element type; then length and lower bound. */
enum { LIST_HEAD_BYTES = 12, LIST_DIMENSION_BYTES = 8 };

static uint32_t read_u32(const char *at)
{
    uint32_t wire;

    memcpy(&wire, at, sizeof wire);
    return be32toh(wire);
}

static uint64_t read_u64(const char *at)
{
    uint64_t wire;

    memcpy(&wire, at, sizeof wire);
    return be64toh(wire);
}

/* The items of a list of one dimension. */
struct items {
    struct span rest;
    uint32_t left;
    bool broken;
};

static struct items items_of(struct db_cell cell)
{
    struct items it = {.broken = true};

    if (cell.bytes < LIST_HEAD_BYTES)
        return it;
    if (read_u32(cell.at) == 0) {
        it.broken = cell.bytes != LIST_HEAD_BYTES;
        return it;
    }
    if (read_u32(cell.at) != 1 ||
        cell.bytes < LIST_HEAD_BYTES + LIST_DIMENSION_BYTES)
        return it;
    it.left = read_u32(cell.at + LIST_HEAD_BYTES);
    it.rest.at = cell.at + LIST_HEAD_BYTES + LIST_DIMENSION_BYTES;
    it.rest.bytes = cell.bytes - LIST_HEAD_BYTES - LIST_DIMENSION_BYTES;
    it.broken = false;
    return it;
}

/* True and an item (at == NULL: a NULL), or false at the end. */
static bool items_next(struct items *it, struct span *out)
{
    uint32_t bytes;

    if (it->broken || !it->left)
        return false;
    it->broken = true;
    if (it->rest.bytes < sizeof bytes)
        return false;
    bytes = read_u32(it->rest.at);
    it->rest.at += sizeof bytes;
    it->rest.bytes -= sizeof bytes;
    *out = (struct span){0};
    if (bytes != UINT32_MAX) {
        if (bytes > it->rest.bytes)
            return false;
        *out = (struct span){it->rest.at, bytes};
        it->rest.at += bytes;
        it->rest.bytes -= bytes;
    }
    it->broken = false;
    it->left--;
    return true;
}

static bool list_fits(struct db_cell cell)
{
    struct items it = items_of(cell);
    struct span item;

    while (items_next(&it, &item))
        ;
    return !it.broken && !it.rest.bytes;
}

bool db_value_type_fits(char letter, unsigned oid)
{
    switch (tolower((unsigned char)letter)) {
    case 'u':
        return oid == OID_UUID;
    case 'i':
        return oid == OID_INT8 || oid == OID_INT4 || oid == OID_INT2;
    case 't':
        return oid == OID_TEXT || oid == OID_VARCHAR;
    case 'm':
        return oid == OID_MS;
    case 'b':
        return oid == OID_BOOL;
    case 'r':
        return oid == OID_REAL;
    case 'a':
        return oid == OID_TEXTS || oid == OID_VARCHARS;
    default:
        return false;
    }
}

bool db_value_fits(char letter, struct db_cell cell)
{
    if (!cell.at)
        return isupper((unsigned char)letter);
    switch (tolower((unsigned char)letter)) {
    case 'u':
        return cell.bytes == UUID_BYTES;
    case 'i':
        return cell.bytes == sizeof(int64_t) || cell.bytes == sizeof(int32_t) ||
               cell.bytes == sizeof(int16_t);
    case 't':
        return true;
    case 'm':
        return cell.bytes == sizeof(int64_t);
    case 'b':
        return cell.bytes == 1;
    case 'r':
        return cell.bytes == sizeof(float);
    case 'a':
        return list_fits(cell);
    default:
        return false;
    }
}

struct uuid db_value_uuid(struct db_cell cell)
{
    struct uuid id = {0};

    if (cell.at)
        memcpy(id.b, cell.at, UUID_BYTES);
    return id;
}

int64_t db_value_i64(struct db_cell cell)
{
    uint16_t half;

    switch (cell.at ? cell.bytes : 0) {
    case sizeof(int64_t):
        return (int64_t)read_u64(cell.at);
    case sizeof(int32_t):
        return (int32_t)read_u32(cell.at);
    case sizeof(int16_t):
        memcpy(&half, cell.at, sizeof half);
        return (int16_t)be16toh(half);
    default:
        return 0;
    }
}

int64_t db_value_ms(struct db_cell cell)
{
    int64_t us = cell.at ? (int64_t)read_u64(cell.at) : -EPOCH_MS * US_PER_MS;

    if (us == INT64_MAX || us == INT64_MIN) /* infinity, -infinity */
        return us;
    return us / US_PER_MS - (us % US_PER_MS < 0) + EPOCH_MS;
}

bool db_value_bool(struct db_cell cell)
{
    return cell.at && *cell.at;
}

float db_value_real(struct db_cell cell)
{
    uint32_t bits = cell.at ? read_u32(cell.at) : 0;
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

struct span db_value_text(struct db_cell cell)
{
    return (struct span){cell.at ? cell.at : "", cell.at ? cell.bytes : 0};
}

size_t db_value_texts(struct db_cell cell, struct span *out, size_t most)
{
    struct items it = {0};
    struct span item;
    size_t count = 0;

    if (cell.at)
        it = items_of(cell);
    while (count < most && items_next(&it, &item))
        if (item.at)
            out[count++] = item;
    return count;
}
