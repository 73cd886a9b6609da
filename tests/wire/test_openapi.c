#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "../support/openapi.h"
#include "../support/schema.h"
#include "web/problem.h"

enum { WHY_BYTES = 1 << 16, TEXT_BYTES = 1 << 16, DEPTH = 32 };

static struct openapi reference;
static struct buf why;

static void setup(void)
{
    openapi_open(&reference, "static/openapi.json");
    buf_init(&why, WHY_BYTES);
}

static void teardown(void)
{
    buf_release(&why);
    openapi_close(&reference);
}

static void has_no_fault(bool ok)
{
    ck_assert_msg(ok, "%.*s", SPAN_ARGS(buf_view(&why)));
}

/* ---- Codes: the reference and problems.def say the same ---- */

static struct json codes_of(const char *schema)
{
    struct json codes;

    ck_assert(openapi_find(&reference, &codes, "components", "schemas", schema,
                           "oneOf", NULL));
    return codes;
}

static struct span text_of(const struct json *object, const char *key)
{
    struct span text;
    struct err err;

    ck_assert_msg(json_find_text(object, key, &text, NULL, &err), "%s",
                  err.what);
    return text;
}

START_TEST(problem_codes_titles_and_statuses_are_those_of_problems_def)
{
    struct json codes = codes_of("ProblemCode");
    struct err err;

    ck_assert_uint_eq(json_count(&codes), PROBLEM_CODES);
    for (size_t i = 0; i < json_count(&codes); i++) {
        struct json row = json_at(&codes, i);
        enum problem_code code = (enum problem_code)i;
        int64_t status;

        ck_assert_str_eq(text_of(&row, "const").at, problem_word(code));
        ck_assert_str_eq(text_of(&row, "title").at, problem_title(code));
        ck_assert(
            json_find_i64(&row, "x-status", 400, 599, &status, NULL, &err));
        ck_assert_int_eq(status, problem_status(code));
    }
}
END_TEST

START_TEST(rejection_codes_and_details_are_those_of_problems_def)
{
    struct json codes = codes_of("RejectionCode");

    ck_assert_uint_eq(json_count(&codes), REJECTIONS);
    for (size_t i = 0; i < json_count(&codes); i++) {
        struct json row = json_at(&codes, i);
        enum rejection code = (enum rejection)i;

        ck_assert_str_eq(text_of(&row, "const").at, rejection_word(code));
        ck_assert_str_eq(text_of(&row, "title").at, rejection_detail(code));
    }
}
END_TEST

/* ---- The document against itself ---- */

typedef void visit_fn(const struct json *node);

static void walk(const struct json *node, visit_fn *visit)
{
    visit(node);
    if (json_kind_of(node) == JSON_OBJECT) {
        struct json_members it = json_members_of(node);
        struct json member;
        struct span key;

        while (json_members_next(&it, &key, &member))
            walk(&member, visit);
    } else if (json_kind_of(node) == JSON_ARRAY) {
        for (size_t i = 0; i < json_count(node); i++) {
            struct json item = json_at(node, i);
            walk(&item, visit);
        }
    }
}

static unsigned seen;

static void judge_example(const struct json *schema, const struct json *value)
{
    seen++;
    has_no_fault(schema_judge(&reference.root, schema, value, &why));
}

static void visit_examples(const struct json *node)
{
    struct json schema, examples, one, value;
    struct span key;

    if (!schema_find(node, SPAN("schema"), &schema))
        return;
    if (schema_find(node, SPAN("example"), &value))
        judge_example(&schema, &value);
    if (schema_find(node, SPAN("examples"), &examples)) {
        struct json_members it = json_members_of(&examples);
        while (json_members_next(&it, &key, &one)) {
            ck_assert(schema_find(&one, SPAN("value"), &value));
            judge_example(&schema, &value);
        }
    }
}

START_TEST(every_example_fits_its_schema)
{
    walk(&reference.root, visit_examples);
    ck_assert_uint_ge(seen, 15);
}
END_TEST

static void visit_refs(const struct json *node)
{
    struct json ref, target = *node;

    if (!schema_find(node, SPAN("$ref"), &ref))
        return;
    seen++;
    ck_assert_msg(schema_resolve(&reference.root, &target), "%s",
                  text_of(node, "$ref").at);
}

START_TEST(every_reference_leads_somewhere)
{
    walk(&reference.root, visit_refs);
    ck_assert_uint_ge(seen, 50);
}
END_TEST

static struct buf referred;

static void note_refs(const struct json *node)
{
    struct json ref;

    if (schema_find(node, SPAN("$ref"), &ref)) {
        buf_text(&referred, text_of(node, "$ref").at);
        buf_char(&referred, '\n');
    }
}

START_TEST(every_component_is_used)
{
    static const char *const kinds[] = {"schemas", "responses", "headers"};
    struct json group, member;
    struct span key;
    char line[256];

    buf_init(&referred, TEXT_BYTES);
    walk(&reference.root, note_refs);
    buf_char(&referred, 0);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct json_members it;

        ck_assert(
            openapi_find(&reference, &group, "components", kinds[i], NULL));
        it = json_members_of(&group);
        while (json_members_next(&it, &key, &member)) {
            snprintf(line, sizeof line, "#/components/%s/%.*s\n", kinds[i],
                     SPAN_ARGS(key));
            ck_assert_msg(strstr(referred.at, line) != NULL, "unused: %s",
                          line);
        }
    }
    buf_release(&referred);
}
END_TEST

/* A code that no operation documents could never be looked up by its answer;
 * these wait for endpoints to come, or are answered by them alone. */
START_TEST(every_code_that_can_occur_is_documented_at_an_operation)
{
    static const char *const not_yet[] = {"admin_only", "conflict"};
    struct json paths, responses;
    struct buf text;
    char quoted[128];

    buf_init(&text, 1 << 18);
    ck_assert(openapi_find(&reference, &paths, "paths", NULL));
    ck_assert(
        openapi_find(&reference, &responses, "components", "responses", NULL));
    ck_assert(json_print(&paths, &text) && json_print(&responses, &text));
    buf_char(&text, 0);
    for (int code = 0; code < PROBLEM_CODES; code++) {
        const char *word = problem_word((enum problem_code)code);
        bool waits = false;

        for (size_t i = 0; i < sizeof not_yet / sizeof not_yet[0]; i++)
            waits |= !strcmp(word, not_yet[i]);
        snprintf(quoted, sizeof quoted, "\"%s\"", word);
        ck_assert_msg(waits == !strstr(text.at, quoted), "%s", word);
    }
    buf_release(&text);
}
END_TEST

/* ---- The judge itself ---- */

/* clang-format off */
static const struct {
    const char *schema, *value, *fault; /* NULL: none */
} judged[] = {
    {"{\"type\":\"integer\"}", "1", NULL},
    {"{\"type\":\"integer\"}", "1.5", "at : is not of type integer"},
    {"{\"type\":[\"string\",\"null\"]}", "null", NULL},
    {"{\"type\":[\"string\",\"null\"]}", "1", "is of none of the types"},
    {"{\"minimum\":3}", "2", "is under the minimum"},
    {"{\"minimum\":3}", "3", NULL},
    {"{\"maximum\":1}", "1.01", "is over the maximum"},
    {"{\"exclusiveMinimum\":0}", "0", "is not over the exclusiveMinimum"},
    {"{\"minLength\":2}", "\"\xc3\xa9\"", "is too short"},
    {"{\"maxLength\":1}", "\"\xc3\xa9\"", NULL},
    {"{\"maxItems\":1}", "[1,2]", "is too long"},
    {"{\"minItems\":1}", "[]", "is too short"},
    {"{\"items\":{\"type\":\"null\"}}", "[null,0]", "/1: is not of type null"},
    {"{\"enum\":[\"a\",null]}", "null", NULL},
    {"{\"enum\":[\"a\",null]}", "\"b\"", "is not in the enum"},
    {"{\"const\":true}", "false", "is not const"},
    {"{\"required\":[\"a\"]}", "{\"b\":1}", "lacks a"},
    {"{\"properties\":{\"a\":{}}}", "{\"a\":1}", NULL},
    {"{\"properties\":{\"a\":{}}}", "{\"b\":1}", "undocumented member b"},
    {"{\"type\":\"object\"}", "{\"b\":1}", NULL},
    {"{\"allOf\":[{\"properties\":{\"b\":{}}}],\"properties\":{\"a\":{}}}",
     "{\"a\":1,\"b\":2}", NULL},
    {"{\"allOf\":[{\"properties\":{\"b\":{}}}],\"properties\":{\"a\":{}}}",
     "{\"c\":1}", "undocumented member c"},
    {"{\"anyOf\":[{\"type\":\"null\"},{\"minimum\":2}]}", "1", "fits none"},
    {"{\"anyOf\":[{\"type\":\"null\"},{\"minimum\":2}]}", "null", NULL},
    {"{\"oneOf\":[{\"const\":1},{\"minimum\":1}]}", "1", "exactly one"},
    {"{\"oneOf\":[{\"const\":1},{\"minimum\":2}]}", "1", NULL},
    {"{\"format\":\"uuid\"}", "\"no\"", "is no uuid"},
    {"{\"format\":\"hex\"}", "\"no\"", "unknown format hex"},
    {"{\"pattern\":\"a\"}", "\"a\"", "unknown keyword pattern"},
    {"{\"$ref\":\"#/nowhere\"}", "1", "$ref to nothing"},
    {"{\"properties\":{\"a\":{\"$ref\":\"#/properties/b\"},"
     "\"b\":{\"type\":\"null\"}}}", "{\"a\":1}", "/a: is not of type null"},
};
/* clang-format on */

START_TEST(the_judge_finds_the_fault)
{
    struct json schema, value;
    struct err err;
    bool ok;

    ck_assert(json_parse(span_of(judged[_i].schema), TEXT_BYTES, DEPTH, &schema,
                         &err));
    ck_assert(
        json_parse(span_of(judged[_i].value), TEXT_BYTES, DEPTH, &value, &err));
    ok = schema_judge(&schema, &schema, &value, &why);
    buf_char(&why, 0);
    ck_assert_msg(ok == !judged[_i].fault, "%s on %s: %s", judged[_i].schema,
                  judged[_i].value, why.at);
    if (!ok)
        ck_assert_msg(strstr(why.at, judged[_i].fault) != NULL, "%s", why.at);
    json_release(&schema);
    json_release(&value);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("openapi");
    TCase *tc = tcase_create("reference");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc,
                   problem_codes_titles_and_statuses_are_those_of_problems_def);
    tcase_add_test(tc, rejection_codes_and_details_are_those_of_problems_def);
    tcase_add_test(tc, every_example_fits_its_schema);
    tcase_add_test(tc, every_reference_leads_somewhere);
    tcase_add_test(tc, every_component_is_used);
    tcase_add_test(tc, every_code_that_can_occur_is_documented_at_an_operation);
    tcase_add_loop_test(tc, the_judge_finds_the_fault, 0,
                        sizeof judged / sizeof judged[0]);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
