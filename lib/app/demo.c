#include "app/demo.h"

#include <stdio.h>
#include <string.h>

#include "app/identity.h"
#include "app/reply.h"
#include "base/lines.h"
#include "base/log.h"
#include "store/readers.h"
#include "web/json.h"
#include "web/json_write.h"

enum {
    US_PER_MS = 1000,
    PATH_BYTES = 4096,
    ACTIVE_READERS = 12,
    TEXT_BYTES = 256,
};

struct persona {
    struct uuid id;
    bool exists;
    char taste[TEXT_BYTES], about[TEXT_BYTES], name[TEXT_BYTES];
};

static bool is_on(struct app *app, const struct http_request *request)
{
    if (app->config.demo)
        return true;
    reply_problem(&app->reply, request, PROBLEM_not_found, NULL);
    return false;
}

static void copy_text(const struct json *object, const char *key,
                      char out[TEXT_BYTES])
{
    struct span text = {NULL, 0};
    struct err err;
    bool found;

    out[0] = 0;
    if (json_find_text(object, key, &text, &found, &err) && found)
        snprintf(out, TEXT_BYTES, "%.*s", SPAN_ARGS(text));
}

static bool read_persona(struct span line, struct persona *out)
{
    struct json root;
    struct span text;
    struct err err;
    bool ok;

    *out = (struct persona){0};
    if (!json_parse(line, LINES_MOST_BYTES, JSON_DEPTH, &root, &err))
        return false;
    ok = json_kind_of(&root) == JSON_OBJECT &&
         json_find_text(&root, "id", &text, NULL, &err) &&
         uuid_find(text, &out->id);
    if (ok) {
        copy_text(&root, "name", out->name);
        copy_text(&root, "taste", out->taste);
        copy_text(&root, "about", out->about);
    }
    json_release(&root);
    return ok;
}

/* How many personas the file names; 0 when there is no file. */
static size_t read_personas(const struct config *config,
                            struct persona out[READERS_MOST])
{
    char path[PATH_BYTES];
    struct lines it;
    struct span line;
    struct err err;
    size_t count = 0;

    snprintf(path, sizeof path, "%s/readers.jsonl", config->demo_dir);
    if (!lines_open(&it, path, &err))
        return 0;
    while (count < READERS_MOST && lines_next(&it, &line))
        count += read_persona(line, &out[count]);
    lines_close(&it);
    return count;
}

/* Marks those that the database knows; returns how many. */
static bool find_personas(struct app *app, int64_t until_us,
                          struct persona *personas, size_t count,
                          struct reader_row *rows, size_t *found,
                          struct err *err)
{
    struct uuid ids[READERS_MOST];

    for (size_t i = 0; i < count; i++)
        ids[i] = personas[i].id;
    if (!readers_by_ids(&app->db, ids, count, until_us, rows, found, err))
        return false;
    for (size_t i = 0; i < count; i++)
        for (size_t r = 0; r < *found; r++)
            personas[i].exists |= uuid_equal(rows[r].id, ids[i]);
    return true;
}

static void write_personas(struct json_write *w, const struct persona *personas,
                           size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!personas[i].exists)
            continue;
        json_write_object(w, NULL);
        json_write_uuid(w, "id", personas[i].id);
        json_write_word(w, "name", personas[i].name);
        json_write_word(w, "taste", personas[i].taste);
        json_write_word(w, "about", personas[i].about);
        json_write_end(w);
    }
}

static void write_active(struct json_write *w, const struct reader_row *rows,
                         size_t count)
{
    char about[TEXT_BYTES];

    for (size_t i = 0; i < count; i++) {
        snprintf(about, sizeof about, "%lld interactions",
                 (long long)rows[i].interactions);
        json_write_object(w, NULL);
        json_write_uuid(w, "id", rows[i].id);
        json_write_text(w, "name",
                        (struct span){rows[i].name, rows[i].name_bytes});
        json_write_word(w, "taste", "");
        json_write_word(w, "about", about);
        json_write_end(w);
    }
}

void demo_get_readers(struct app *app, const struct http_request *request)
{
    struct persona personas[READERS_MOST];
    struct reader_row rows[READERS_MOST];
    struct identity who;
    struct json_write w;
    struct err err;
    size_t count, found = 0;
    int64_t until_us =
        request->started_us + (int64_t)app->config.track_wait_ms * US_PER_MS;

    if (!is_on(app, request) ||
        !reply_method(&app->reply, request, app->config.origins, "GET, HEAD") ||
        !identity_find(&app->config, &app->keys, request, &app->reply, &who))
        return;
    count = read_personas(&app->config, personas);
    if (!find_personas(app, until_us, personas, count, rows, &found, &err) ||
        (!found && !readers_active(&app->db, ACTIVE_READERS, until_us, rows,
                                   &found, &err))) {
        log_failure(LOG_WARN, "app", "readers_failed", &err);
        reply_problem(&app->reply, request, PROBLEM_unavailable, NULL);
        return;
    }
    http_header(&app->reply, "Cache-Control", SPAN("private, no-store"));
    json_write_init(&w, &app->reply.body);
    json_write_object(&w, NULL);
    json_write_array(&w, "readers");
    if (found && !rows[0].interactions)
        write_personas(&w, personas, count);
    else
        write_active(&w, rows, found);
    json_write_end(&w);
    json_write_uuid(&w, "current", who.user);
    json_write_end(&w);
}

/* A missing or null user_id asks for a new anonymous reader. */
static bool read_user(struct span body, size_t most_bytes, struct uuid *user,
                      struct err *err)
{
    struct json root;
    struct span text;
    bool found = false, ok;

    if (!json_parse(body, most_bytes, JSON_DEPTH, &root, err))
        return false;
    ok = json_kind_of(&root) == JSON_OBJECT
             ? json_find_text(&root, "user_id", &text, &found, err)
             : err_set(err, ERR_INVALID, "not an object");
    if (ok && found && !uuid_find(text, user))
        ok = err_set(err, ERR_INVALID, "user_id is no UUID");
    json_release(&root);
    return ok && (found || uuid_v4(user, err));
}

void demo_read_as(struct app *app, const struct http_request *request)
{
    struct json_write w;
    struct uuid user;
    struct err err;

    if (!is_on(app, request) ||
        !reply_method(&app->reply, request, app->config.origins, "POST") ||
        !reply_same_site(&app->reply, request, app->config.origins) ||
        !reply_body(&app->reply, request, app->config.http_body_bytes))
        return;
    if (!read_user(request->body, app->config.http_body_bytes, &user, &err)) {
        reply_problem(&app->reply, request, PROBLEM_bad_shape,
                      "the body is {\"user_id\": a UUID or null}");
        return;
    }
    http_header(&app->reply, "Cache-Control", SPAN("no-store"));
    identity_give(&app->config, &app->keys, user, request->received_at_ms,
                  &app->reply);
    json_write_init(&w, &app->reply.body);
    json_write_object(&w, NULL);
    json_write_uuid(&w, "user_id", user);
    json_write_end(&w);
}
