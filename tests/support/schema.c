#include "schema.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "base/uuid.h"

enum { NUMBER_BYTES = 64, VALUE_MOST_BYTES = 1 << 20 };

struct judge {
    const struct json *root;
    struct buf *why;
};

static bool judge_value(struct judge *j, const struct json *schema,
                        const struct json *value, bool entry);

static bool fault(struct judge *j, const struct json *value, const char *what,
                  struct span about)
{
    buf_text(j->why, "at ");
    json_pointer(value, NULL, j->why);
    buf_text(j->why, ": ");
    buf_text(j->why, what);
    buf_char(j->why, ' ');
    buf_span(j->why, about);
    buf_char(j->why, '\n');
    return false;
}

bool schema_find(const struct json *object, struct span key, struct json *out)
{
    struct json parent = *object; /* `out` may be the object itself */
    struct json_members it;
    struct span name;

    if (json_kind_of(&parent) != JSON_OBJECT)
        return false;
    it = json_members_of(&parent);
    while (json_members_next(&it, &name, out))
        if (span_equal(name, key))
            return true;
    return false;
}

bool schema_resolve(const struct json *root, struct json *node)
{
    struct json ref;
    struct span text, step;
    struct err err;

    while (schema_find(node, SPAN("$ref"), &ref)) {
        if (!json_text(&ref, &text, &err) || !span_cut(&text, '/', &step) ||
            !span_is(step, "#"))
            return false;
        *node = *root;
        while (span_cut(&text, '/', &step))
            if (!schema_find(node, step, node))
                return false;
    }
    return true;
}

/* ---- Keywords: each judges `value` by `rule`, its own value ---- */

typedef bool keyword_fn(struct judge *j, const struct json *rule,
                        const struct json *value);

static bool same_json(const struct json *a, const struct json *b)
{
    struct buf x, y;
    bool same;

    buf_init(&x, VALUE_MOST_BYTES);
    buf_init(&y, VALUE_MOST_BYTES);
    same = json_print(a, &x) && json_print(b, &y) &&
           span_equal(buf_view(&x), buf_view(&y));
    buf_release(&x);
    buf_release(&y);
    return same;
}

static bool is_type(struct span name, const struct json *value)
{
    static const struct {
        const char *name;
        enum json_kind kind;
    } rows[] = {
        {"null", JSON_NULL},       {"boolean", JSON_BOOL},
        {"integer", JSON_INTEGER}, {"number", JSON_INTEGER},
        {"number", JSON_DOUBLE},   {"string", JSON_TEXT},
        {"array", JSON_ARRAY},     {"object", JSON_OBJECT},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (span_is(name, rows[i].name) && json_kind_of(value) == rows[i].kind)
            return true;
    return false;
}

static bool judge_type(struct judge *j, const struct json *rule,
                       const struct json *value)
{
    struct span name = {NULL, 0};
    struct err err;

    if (json_kind_of(rule) == JSON_TEXT) {
        if (json_text(rule, &name, &err) && is_type(name, value))
            return true;
        return fault(j, value, "is not of type", name);
    }
    for (size_t i = 0; i < json_count(rule); i++) {
        struct json one = json_at(rule, i);
        if (json_text(&one, &name, &err) && is_type(name, value))
            return true;
    }
    return fault(j, value, "is of none of the types", SPAN(""));
}

static bool judge_const(struct judge *j, const struct json *rule,
                        const struct json *value)
{
    return same_json(rule, value) || fault(j, value, "is not", SPAN("const"));
}

static bool judge_enum(struct judge *j, const struct json *rule,
                       const struct json *value)
{
    for (size_t i = 0; i < json_count(rule); i++) {
        struct json one = json_at(rule, i);
        if (same_json(&one, value))
            return true;
    }
    return fault(j, value, "is not in the", SPAN("enum"));
}

static bool is_number(const struct json *value)
{
    return json_kind_of(value) == JSON_INTEGER ||
           json_kind_of(value) == JSON_DOUBLE;
}

static double number_of(const struct json *value)
{
    struct buf text;
    double number = NAN;

    buf_init(&text, NUMBER_BYTES);
    if (json_print(value, &text)) {
        buf_char(&text, 0);
        number = strtod(text.at, NULL);
    }
    buf_release(&text);
    return number;
}

static bool judge_minimum(struct judge *j, const struct json *rule,
                          const struct json *value)
{
    return !is_number(value) || number_of(value) >= number_of(rule) ||
           fault(j, value, "is under the", SPAN("minimum"));
}

static bool judge_above(struct judge *j, const struct json *rule,
                        const struct json *value)
{
    return !is_number(value) || number_of(value) > number_of(rule) ||
           fault(j, value, "is not over the", SPAN("exclusiveMinimum"));
}

static bool judge_maximum(struct judge *j, const struct json *rule,
                          const struct json *value)
{
    return !is_number(value) || number_of(value) <= number_of(rule) ||
           fault(j, value, "is over the", SPAN("maximum"));
}

static double size_of(const struct json *value, enum json_kind kind)
{
    struct span text;
    struct err err;
    double points = 0;
    uint32_t point;

    if (kind == JSON_ARRAY)
        return (double)json_count(value);
    if (!json_text(value, &text, &err))
        return NAN;
    for (size_t n; (n = utf8_next(text, &point)); points++)
        text = (struct span){text.at + n, text.bytes - n};
    return points;
}

static bool judge_size(struct judge *j, const struct json *rule,
                       const struct json *value, enum json_kind kind, int sign)
{
    return json_kind_of(value) != kind ||
           sign * size_of(value, kind) >= sign * number_of(rule) ||
           fault(j, value, "is too", sign > 0 ? SPAN("short") : SPAN("long"));
}

static bool judge_min_length(struct judge *j, const struct json *rule,
                             const struct json *value)
{
    return judge_size(j, rule, value, JSON_TEXT, 1);
}

static bool judge_max_length(struct judge *j, const struct json *rule,
                             const struct json *value)
{
    return judge_size(j, rule, value, JSON_TEXT, -1);
}

static bool judge_min_items(struct judge *j, const struct json *rule,
                            const struct json *value)
{
    return judge_size(j, rule, value, JSON_ARRAY, 1);
}

static bool judge_max_items(struct judge *j, const struct json *rule,
                            const struct json *value)
{
    return judge_size(j, rule, value, JSON_ARRAY, -1);
}

static bool judge_format(struct judge *j, const struct json *rule,
                         const struct json *value)
{
    struct span format, text;
    struct uuid id;
    struct err err;

    if (!json_text(rule, &format, &err))
        return fault(j, value, "has a format that is", SPAN("no text"));
    if (json_kind_of(value) != JSON_TEXT || !json_text(value, &text, &err))
        return true;
    if (span_is(format, "uuid"))
        return uuid_find(text, &id) || fault(j, value, "is no", format);
    if (span_is(format, "json-pointer"))
        return !text.bytes || text.at[0] == '/' ||
               fault(j, value, "is no", format);
    return span_is(format, "uri-reference") ||
           fault(j, value, "has an unknown format", format);
}

static bool judge_items(struct judge *j, const struct json *rule,
                        const struct json *value)
{
    bool ok = true;

    for (size_t i = 0;
         json_kind_of(value) == JSON_ARRAY && i < json_count(value); i++) {
        struct json one = json_at(value, i);
        ok &= judge_value(j, rule, &one, true);
    }
    return ok;
}

static bool judge_required(struct judge *j, const struct json *rule,
                           const struct json *value)
{
    struct json one, member;
    struct span name;
    struct err err;
    bool ok = true;

    for (size_t i = 0;
         json_kind_of(value) == JSON_OBJECT && i < json_count(rule); i++) {
        one = json_at(rule, i);
        if (!json_text(&one, &name, &err) || !schema_find(value, name, &member))
            ok = fault(j, value, "lacks", name);
    }
    return ok;
}

static bool judge_properties(struct judge *j, const struct json *rule,
                             const struct json *value)
{
    struct json_members it = json_members_of(rule);
    struct json schema, member;
    struct span name;
    bool ok = true;

    while (json_members_next(&it, &name, &schema))
        if (schema_find(value, name, &member))
            ok &= judge_value(j, &schema, &member, true);
    return ok;
}

static bool judge_all(struct judge *j, const struct json *rule,
                      const struct json *value)
{
    bool ok = true;

    for (size_t i = 0; i < json_count(rule); i++) {
        struct json one = json_at(rule, i);
        ok &= judge_value(j, &one, value, false);
    }
    return ok;
}

/* How many of the alternatives fit. */
static size_t count_fits(struct judge *j, const struct json *rule,
                         const struct json *value)
{
    size_t fits = 0;

    for (size_t i = 0; i < json_count(rule); i++) {
        struct json one = json_at(rule, i);
        size_t told = j->why->bytes;
        bool fit = judge_value(j, &one, value, true);

        fits += fit;
        if (fit)
            j->why->bytes = told;
    }
    return fits;
}

static bool judge_any(struct judge *j, const struct json *rule,
                      const struct json *value)
{
    size_t told = j->why->bytes;

    if (!count_fits(j, rule, value))
        return fault(j, value, "fits none of", SPAN("anyOf"));
    j->why->bytes = told;
    return true;
}

static bool judge_one(struct judge *j, const struct json *rule,
                      const struct json *value)
{
    size_t told = j->why->bytes;
    size_t fits = count_fits(j, rule, value);

    j->why->bytes = told;
    return fits == 1 ||
           fault(j, value, "does not fit exactly one of", SPAN("oneOf"));
}

static bool judge_ref(struct judge *j, const struct json *rule,
                      const struct json *value)
{
    struct json target = *j->root;
    struct span text = {NULL, 0}, step;
    struct err err;

    if (!json_text(rule, &text, &err) || !span_cut(&text, '/', &step))
        return fault(j, value, "has a bad", SPAN("$ref"));
    while (span_cut(&text, '/', &step))
        if (!schema_find(&target, step, &target))
            return fault(j, value, "has a $ref to nothing:", step);
    return judge_value(j, &target, value, false);
}

/* NULL: says nothing about the value. */
static const struct {
    const char *name;
    keyword_fn *judge;
} keywords[] = {
    {"$ref", judge_ref},
    {"allOf", judge_all},
    {"anyOf", judge_any},
    {"const", judge_const},
    {"default", NULL},
    {"description", NULL},
    {"enum", judge_enum},
    {"example", NULL},
    {"exclusiveMinimum", judge_above},
    {"format", judge_format},
    {"items", judge_items},
    {"maxItems", judge_max_items},
    {"maxLength", judge_max_length},
    {"maximum", judge_maximum},
    {"minItems", judge_min_items},
    {"minLength", judge_min_length},
    {"minimum", judge_minimum},
    {"oneOf", judge_one},
    {"properties", judge_properties},
    {"required", judge_required},
    {"title", NULL},
    {"type", judge_type},
    {"x-status", NULL},
};

enum { KEYWORDS = sizeof keywords / sizeof keywords[0] };

static bool judge_keyword(struct judge *j, struct span name,
                          const struct json *rule, const struct json *value)
{
    for (size_t i = 0; i < KEYWORDS; i++)
        if (span_is(name, keywords[i].name))
            return !keywords[i].judge || keywords[i].judge(j, rule, value);
    return fault(j, value, "has a schema with the unknown keyword", name);
}

/* ---- Members that the reference does not name ---- */

enum naming { NAMES_NONE, NAMES_OTHERS, NAMES_IT };

static enum naming larger(enum naming a, enum naming b)
{
    return a > b ? a : b;
}

/* Does the schema, or a part of it that is about the same value, name it? */
static enum naming naming_of(const struct judge *j, struct json schema,
                             struct span key)
{
    static const char *const parts[] = {"allOf", "anyOf", "oneOf"};
    struct json node;
    enum naming found = NAMES_NONE;

    if (schema_find(&schema, SPAN("properties"), &node)) {
        struct json member;
        found = schema_find(&node, key, &member) ? NAMES_IT : NAMES_OTHERS;
    }
    for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++)
        if (schema_find(&schema, span_of(parts[p]), &node))
            for (size_t i = 0; i < json_count(&node); i++)
                found = larger(found, naming_of(j, json_at(&node, i), key));
    if (schema_find(&schema, SPAN("$ref"), &node) &&
        schema_resolve(j->root, &schema))
        found = larger(found, naming_of(j, schema, key));
    return found;
}

static bool judge_names(struct judge *j, const struct json *schema,
                        const struct json *value)
{
    struct json_members it = json_members_of(value);
    struct json member;
    struct span name;
    bool ok = true;

    while (json_members_next(&it, &name, &member))
        if (naming_of(j, *schema, name) == NAMES_OTHERS)
            ok = fault(j, value, "has the undocumented member", name);
    return ok;
}

/* `entry`: the schema is all that is said about the value. */
static bool judge_value(struct judge *j, const struct json *schema,
                        const struct json *value, bool entry)
{
    struct json_members it;
    struct json rule;
    struct span name;
    bool ok = true;

    if (json_kind_of(schema) != JSON_OBJECT)
        return fault(j, value, "has a schema that is no", SPAN("object"));
    it = json_members_of(schema);
    while (json_members_next(&it, &name, &rule))
        ok &= judge_keyword(j, name, &rule, value);
    if (entry && json_kind_of(value) == JSON_OBJECT)
        ok &= judge_names(j, schema, value);
    return ok;
}

bool schema_judge(const struct json *root, const struct json *schema,
                  const struct json *value, struct buf *why)
{
    struct judge j = {root, why};

    return judge_value(&j, schema, value, true);
}
