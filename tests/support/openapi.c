#include "openapi.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/file.h"
#include "base/mem.h"
#include "schema.h"

enum {
    TEXT_MOST_BYTES = 1 << 20,
    DEPTH_MOST = 32,
    KEY_BYTES = 128,
    VALUE_MOST_BYTES = 1 << 20,
};

/* A key as C text; keys longer than any of ours match nothing. */
static const char *key_text(struct span key, char out[KEY_BYTES])
{
    snprintf(out, KEY_BYTES, "%.*s", SPAN_ARGS(key));
    return out;
}

/* ---- Whole answers ---- */

static bool complain(struct buf *why, const char *what, struct span about)
{
    buf_text(why, what);
    buf_char(why, ' ');
    buf_span(why, about);
    buf_char(why, '\n');
    return false;
}

static bool judge_text(const struct openapi *o, const struct json *schema,
                       struct span text, struct buf *why)
{
    struct json value;
    struct err err;
    bool ok;

    if (!json_parse(text, VALUE_MOST_BYTES, DEPTH_MOST, &value, &err))
        return complain(why, "not JSON:", text);
    ok = schema_judge(&o->root, schema, &value, why);
    json_release(&value);
    return ok;
}

/* A header's text is a number where its schema wants one. */
static bool judge_header(const struct openapi *o, struct json schema,
                         struct span text, struct buf *why)
{
    struct json type, plain = schema;
    struct span name = {NULL, 0};
    struct buf quoted;
    struct err err;
    bool ok;

    buf_init(&quoted, VALUE_MOST_BYTES);
    if (schema_resolve(&o->root, &plain) &&
        schema_find(&plain, SPAN("type"), &type) &&
        json_text(&type, &name, &err) && span_is(name, "integer")) {
        buf_span(&quoted, text);
    } else {
        buf_char(&quoted, '"'); /* headers of ours hold no quote */
        buf_span(&quoted, text);
        buf_char(&quoted, '"');
    }
    ok = judge_text(o, &schema, buf_view(&quoted), why);
    buf_release(&quoted);
    return ok;
}

static bool judge_headers(const struct openapi *o, const struct json *headers,
                          const struct fcgi_answer *answer, struct buf *why)
{
    struct json_members it = json_members_of(headers);
    struct json header, schema;
    struct span name, text;
    struct err err;
    char key[KEY_BYTES];
    bool ok = true;

    while (json_members_next(&it, &name, &header)) {
        bool required = false;

        if (!schema_resolve(&o->root, &header) ||
            !json_find_bool(&header, "required", &required, NULL, &err) ||
            !json_find_object(&header, "schema", &schema, NULL, &err))
            ok = complain(why, "badly documented header", name);
        else if (fcgi_answer_header(answer, key_text(name, key), &text))
            ok &= judge_header(o, schema, text, why);
        else if (required)
            ok = complain(why, "missing header", name);
    }
    return ok;
}

static bool is_any_of(struct span name, const char *const *names)
{
    for (; *names; names++)
        if (span_is_nocase(name, *names))
            return true;
    return false;
}

static bool is_documented(const struct json *headers, struct span name)
{
    struct json_members it = json_members_of(headers);
    struct json header;
    struct span known;
    char key[KEY_BYTES];

    while (json_members_next(&it, &known, &header))
        if (span_is_nocase(name, key_text(known, key)))
            return true;
    return false;
}

/* Headers of the protocol need no mention at each address. */
static bool judge_header_names(const struct json *headers,
                               const struct fcgi_answer *answer,
                               struct buf *why)
{
    static const char *const common[] = {"Status",
                                         "Content-Type",
                                         "Content-Length",
                                         "Cache-Control",
                                         "Vary",
                                         "Access-Control-Allow-Origin",
                                         "Access-Control-Allow-Credentials",
                                         "Access-Control-Expose-Headers",
                                         NULL};
    struct span line, name, rest = answer->head;
    bool ok = true;

    while (span_cut(&rest, '\n', &line))
        if (span_cut(&line, ':', &name) && line.at &&
            !is_any_of(name, common) && !is_documented(headers, name))
            ok = complain(why, "undocumented header", name);
    return ok;
}

static bool judge_body(const struct openapi *o, const struct json *response,
                       const struct fcgi_answer *answer, struct buf *why)
{
    struct json content, media, schema;
    struct span type = {NULL, 0};
    struct err err;

    if (!json_find_object(response, "content", &content, NULL, &err))
        return complain(why, "no content is documented", SPAN(""));
    if (!fcgi_answer_header(answer, "Content-Type", &type) ||
        !schema_find(&content, type, &media))
        return complain(why, "undocumented content type", type);
    return json_find_object(&media, "schema", &schema, NULL, &err) &&
           judge_text(o, &schema, answer->body, why);
}

static bool judge_response(const struct openapi *o, struct json response,
                           const char *method, const struct fcgi_answer *answer,
                           struct buf *why)
{
    struct json headers;
    struct err err;
    bool ok;

    if (!schema_resolve(&o->root, &response) ||
        !json_find_object(&response, "headers", &headers, NULL, &err))
        return complain(why, "badly documented response", span_of(err.what));
    ok = judge_headers(o, &headers, answer, why);
    ok &= judge_header_names(&headers, answer, why);
    if (!strcmp(method, "HEAD"))
        return ok && (!answer->body.bytes ||
                      complain(why, "a body for HEAD", answer->body));
    return judge_body(o, &response, answer, why) && ok;
}

/* The operation of the method, else the only one there is. */
static bool find_operation(const struct json *path, const char *method,
                           struct json *out)
{
    char name[KEY_BYTES];
    size_t n = 0;

    for (; method[n] && n < sizeof name - 1; n++)
        name[n] = (char)tolower((unsigned char)method[n]);
    name[n] = 0;
    if (!strcmp(name, "head"))
        return schema_find(path, SPAN("get"), out);
    return schema_find(path, span_of(name), out) ||
           schema_find(path, SPAN("get"), out) ||
           schema_find(path, SPAN("post"), out);
}

bool openapi_judge_answer(const struct openapi *o, const char *method,
                          const char *path, const struct fcgi_answer *answer,
                          struct buf *why)
{
    struct json paths, item, operation, responses, response;
    struct span status;
    char number[KEY_BYTES];

    snprintf(number, sizeof number, "%d", answer->status);
    status = span_of(number);
    if (!strcmp(method, "OPTIONS") && answer->status == 204)
        return !answer->body.bytes || complain(why, "a body", answer->body);
    if (!openapi_find(o, &paths, "paths", NULL))
        return complain(why, "no paths", SPAN(""));
    if (!schema_find(&paths, span_of(path), &item) || answer->status == 404)
        return openapi_find(o, &response, "components", "responses", "NotFound",
                            NULL) &&
               (answer->status == 404 || complain(why, "status", status)) &&
               judge_response(o, response, method, answer, why);
    if (!find_operation(&item, method, &operation) ||
        !schema_find(&operation, SPAN("responses"), &responses) ||
        !schema_find(&responses, status, &response))
        return complain(why, "undocumented status", status);
    return judge_response(o, response, method, answer, why);
}

/* ---- The document ---- */

bool openapi_find(const struct openapi *o, struct json *out, ...)
{
    const char *key;
    bool found = true;
    va_list keys;

    *out = o->root;
    va_start(keys, out);
    while (found && (key = va_arg(keys, const char *)))
        found = schema_find(out, span_of(key), out);
    va_end(keys);
    return found;
}

void openapi_open(struct openapi *o, const char *path)
{
    struct err err;

    if (file_read(path, TEXT_MOST_BYTES, &o->text, &err) &&
        json_parse(o->text, TEXT_MOST_BYTES, DEPTH_MOST, &o->root, &err))
        return;
    fprintf(stderr, "openapi: %s: %s\n", path, err.what);
    exit(EXIT_FAILURE);
}

void openapi_close(struct openapi *o)
{
    json_release(&o->root);
    mem_give((void *)o->text.at);
}
