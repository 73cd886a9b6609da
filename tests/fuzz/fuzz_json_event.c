/*
 * A body of POST /api/track. What is taken must print to JSON that is taken
 * again and prints the same, and no getter may give what its type is not.
 */
#include <math.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "web/json.h"
#include "web/json_write.h"

enum { MOST_BYTES = 1 << 16, PRINT_MOST_BYTES = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t bytes);

static void need(bool holds)
{
    if (!holds)
        abort();
}

static void try_members(const struct json *object)
{
    static const char *const keys[] = {"event_id", "type",     "ts",
                                       "events",   "metadata", "impression"};
    struct json node;
    struct span text;
    struct err err;
    int64_t i;
    double d;
    bool b, found;

    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
        if (json_find_text(object, keys[k], &text, &found, &err) && found)
            need(utf8_valid(text) && !memchr(text.at, 0, text.bytes));
        if (json_find_i64(object, keys[k], 0, 10, &i, &found, &err) && found)
            need(i >= 0 && i <= 10);
        if (json_find_f64(object, keys[k], &d, &found, &err) && found)
            need(isfinite(d));
        if (!json_find_bool(object, keys[k], &b, &found, &err))
            need(err.code == ERR_INVALID && err.what[0] == '/');
        if (json_find_array(object, keys[k], &node, &found, &err) && found)
            need(json_kind_of(&node) == JSON_ARRAY);
        if (json_find_object(object, keys[k], &node, &found, &err) && found)
            need(json_kind_of(&node) == JSON_OBJECT);
    }
}

static void walk(const struct json *node, struct buf *out)
{
    struct json_members it;
    struct json child;
    struct span key;

    buf_reset(out);
    json_pointer(node, NULL, out);
    if (json_kind_of(node) == JSON_OBJECT) {
        try_members(node);
        it = json_members_of(node);
        while (json_members_next(&it, &key, &child))
            walk(&child, out);
    }
    if (json_kind_of(node) == JSON_ARRAY)
        for (size_t i = 0; i < json_count(node); i++) {
            child = json_at(node, i);
            walk(&child, out);
        }
}

static void print_again(const struct json *root, struct buf *one,
                        struct buf *two)
{
    struct json again;
    struct err err;

    buf_reset(one);
    buf_reset(two);
    need(json_print(root, one));
    need(json_parse(buf_view(one), PRINT_MOST_BYTES, JSON_DEPTH, &again, &err));
    need(json_print(&again, two));
    need(span_equal(buf_view(one), buf_view(two)));
    json_release(&again);
}

/* Any bytes, as a text of ours, make valid JSON. */
static void write_text(struct span text, struct buf *out)
{
    struct json_write w;
    struct json node;
    struct err err;

    if (memchr(text.at, 0, text.bytes))
        return; /* our reader refuses U+0000 */
    buf_reset(out);
    json_write_init(&w, out);
    json_write_text(&w, NULL, text);
    need(json_parse(buf_view(out), PRINT_MOST_BYTES, 1, &node, &err));
    json_release(&node);
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t bytes)
{
    static struct buf one, two;
    struct span text = {(const char *)at, bytes};
    struct json root;
    struct err err;

    buf_init(&one, PRINT_MOST_BYTES);
    buf_init(&two, PRINT_MOST_BYTES);
    if (json_parse(text, MOST_BYTES, JSON_DEPTH, &root, &err)) {
        walk(&root, &one);
        print_again(&root, &one, &two);
        json_release(&root);
    }
    if (bytes)
        write_text(text, &one);
    buf_release(&one);
    buf_release(&two);
    return 0;
}
