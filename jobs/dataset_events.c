/* Logs of events with times: Deskdrop, Stack Exchange, kith's own form. */
#include <stdio.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "web/json.h"

#include "csv.h"
#include "dataset_read.h"
#include "when.h"

enum { EVENTS, POSTS };

/* Names looked for in a folder, best first. */
static const char *const event_files[] = {"users_interactions.csv",
                                          "events.tsv",
                                          "events.csv",
                                          "interactions.csv",
                                          "interactions.tsv",
                                          "events.jsonl",
                                          "interactions.jsonl",
                                          NULL};
static const char *const post_files[] = {"posts.jsonl", "posts.csv",
                                         "posts.tsv", NULL};

/* What the fields are called; the first name is kith's own. */
enum { NAMES_MOST = 5 };
enum event_field { EVENT_USER, EVENT_POST, EVENT_TYPE, EVENT_AT, EVENT_FIELDS };
static const char *const event_names[EVENT_FIELDS][NAMES_MOST] = {
    [EVENT_USER] = {"user", "user_id", "personId"},
    [EVENT_POST] = {"post", "post_id", "contentId"},
    [EVENT_TYPE] = {"type", "event", "eventType"},
    [EVENT_AT] = {"at", "timestamp"},
};
enum post_field {
    POST_ID,
    POST_AT,
    POST_TITLE,
    POST_BODY,
    POST_TAGS,
    POST_FIELDS
};
static const char *const post_names[POST_FIELDS][NAMES_MOST] = {
    [POST_ID] = {"id", "post_id"}, [POST_AT] = {"published_at", "created"},
    [POST_TITLE] = {"title"},      [POST_BODY] = {"body"},
    [POST_TAGS] = {"tags"},
};

/* The words of other sites in ours, as `kith import` reads them. */
static const struct {
    const char *word;
    enum event_type type;
} kinds[] = {
    {"VIEW", EVENT_VIEW},     {"LIKE", EVENT_LIKE},
    {"BOOKMARK", EVENT_LIKE}, {"FOLLOW", EVENT_LIKE},
    {"favorite", EVENT_LIKE}, {"COMMENT CREATED", EVENT_SHARE},
    {"comment", EVENT_CLICK}, {"answer", EVENT_SHARE},
    {"bounty", EVENT_SHARE},
};

struct reader {
    struct dataset *d;
    struct dataset_ids ids;
    struct dataset_terms terms;
    int64_t *published_ms; /* [ids.posts.count], INT64_MAX: not known */
    size_t published_cap, published_count;
};

/* ---- rows, whatever the file ---- */

static bool find_type(struct span word, enum event_type *out)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (span_is(word, kinds[i].word)) {
            *out = kinds[i].type;
            return true;
        }
    return event_find(word, out);
}

/* A post is there from its publication or its first event on. */
static bool note_time(struct reader *r, uint32_t post, int64_t at_ms,
                      struct err *err)
{
    if (!mem_grow(&r->published_ms, &r->published_cap, (size_t)post + 1,
                  sizeof *r->published_ms, err))
        return false;
    while (r->published_count <= post)
        r->published_ms[r->published_count++] = INT64_MAX;
    if (at_ms < r->published_ms[post])
        r->published_ms[post] = at_ms;
    return true;
}

static bool add_event(struct reader *r, const struct span *field,
                      uint64_t number, struct err *err)
{
    enum event_type type;
    int64_t at_ms;
    size_t last = r->d->log.count;
    struct span word = span_trim(field[EVENT_TYPE]);

    /* Who asks a question is its author, not its reader. */
    if (span_is(word, "ask"))
        return true;
    if (!field[EVENT_USER].bytes || !field[EVENT_POST].bytes ||
        !find_type(word, &type) ||
        !when_find(span_trim(field[EVENT_AT]), &at_ms)) {
        dataset_bad_line(r->d, number);
        return true;
    }
    return dataset_add(r->d, &r->ids, field[EVENT_USER], field[EVENT_POST],
                       type, at_ms, 0, err) &&
           note_time(r, r->d->log.events[last].post, at_ms, err);
}

static bool add_tag(struct reader *r, uint32_t post, struct span tag,
                    struct err *err)
{
    char word[64];
    int bytes = snprintf(word, sizeof word, "#%.*s", SPAN_ARGS(span_trim(tag)));

    if (bytes <= 1 || (size_t)bytes >= sizeof word)
        return true;
    return dataset_terms_add(&r->terms, post,
                             (struct span){word, (size_t)bytes}, 1, err);
}

static bool add_post(struct reader *r, const struct span *field,
                     uint64_t number, uint32_t *post, struct err *err)
{
    int64_t at_ms = INT64_MAX;

    *post = ORDINAL_NONE;
    if (!field[POST_ID].bytes ||
        (field[POST_AT].bytes &&
         !when_find(span_trim(field[POST_AT]), &at_ms))) {
        dataset_bad_line(r->d, number);
        return true;
    }
    return idmap_add(&r->ids.posts, dataset_key(field[POST_ID]), post, err) &&
           note_time(r, *post, at_ms, err) &&
           dataset_terms_add_text(&r->terms, *post, field[POST_TITLE], err) &&
           dataset_terms_add_text(&r->terms, *post, field[POST_BODY], err);
}

/* ---- CSV ---- */

static int column_of(const struct csv *c, const char *const *names)
{
    for (int n = 0; n < NAMES_MOST && names[n]; n++)
        for (size_t i = 0; i < c->count; i++)
            if (span_is(c->field[i], names[n]))
                return (int)i;
    return -1;
}

static bool add_record(struct reader *r, int kind, const struct csv *c,
                       const int *column, struct err *err)
{
    struct span field[POST_FIELDS] = {{0}}, tag;
    int count = kind == EVENTS ? EVENT_FIELDS : POST_FIELDS;
    uint32_t post;

    for (int i = 0; i < count; i++)
        if (column[i] >= 0 && (size_t)column[i] < c->count)
            field[i] = c->field[column[i]];
    if (c->fault) {
        dataset_bad_line(r->d, c->first_line);
        return true;
    }
    if (kind == EVENTS)
        return add_event(r, field, c->first_line, err);
    if (!add_post(r, field, c->first_line, &post, err))
        return false;
    while (post != ORDINAL_NONE && field[POST_TAGS].bytes &&
           span_cut(&field[POST_TAGS], ';', &tag))
        if (!add_tag(r, post, tag, err))
            return false;
    return true;
}

/* The separator that occurs in the head; a comma when none does. */
static bool find_separator(const char *path, char *out, struct err *err)
{
    struct lines lines;
    struct span line;

    *out = ',';
    if (!lines_open(&lines, path, err))
        return false;
    if (lines_next(&lines, &line) && !memchr(line.at, ',', line.bytes))
        *out = memchr(line.at, '\t', line.bytes) ? '\t' : ';';
    lines_close(&lines);
    return !lines.failed;
}

static bool read_csv(struct reader *r, int kind, const char *path,
                     struct err *err)
{
    const char *const(*names)[NAMES_MOST] =
        kind == EVENTS ? event_names : post_names;
    int count = kind == EVENTS ? EVENT_FIELDS : POST_FIELDS;
    int needed = kind == EVENTS ? EVENT_FIELDS : 1, column[POST_FIELDS];
    struct csv csv;
    char separator;
    bool ok;

    if (!find_separator(path, &separator, err) ||
        !csv_open(&csv, path, separator, err))
        return false;
    ok = csv_next(&csv) || err_set(err, ERR_INVALID, "%s: no header", path);
    for (int i = 0; ok && i < count; i++) {
        column[i] = column_of(&csv, names[i]);
        if (column[i] < 0 && i < needed)
            ok = err_set(err, ERR_INVALID, "%s: no column '%s'", path,
                         names[i][0]);
    }
    while (ok && csv_next(&csv))
        ok = add_record(r, kind, &csv, column, err);
    ok = ok && !csv.lines.failed;
    csv_close(&csv);
    return ok;
}

/* ---- JSON Lines ---- */

struct number {
    char text[24];
};

/* A text or a whole number; an empty span when it is neither. */
static struct span word_of(const struct json *object, const char *const *names,
                           struct number *room)
{
    struct span text;
    int64_t value;
    bool found = false;
    struct err err;

    for (int n = 0; n < NAMES_MOST && names[n]; n++) {
        if (json_find_text(object, names[n], &text, &found, &err) && found)
            return text;
        if (json_find_i64(object, names[n], INT64_MIN, INT64_MAX, &value,
                          &found, &err) &&
            found) {
            int bytes = snprintf(room->text, sizeof room->text, "%lld",
                                 (long long)value);
            return (struct span){room->text, (size_t)bytes};
        }
    }
    return (struct span){0};
}

static bool add_tags(struct reader *r, uint32_t post, const struct json *object,
                     struct err *err)
{
    struct json tags;
    struct span tag;
    struct err why;
    bool found = false;

    if (!json_find_array(object, "tags", &tags, &found, &why) || !found)
        return true;
    for (size_t i = 0; i < json_count(&tags); i++) {
        struct json node = json_at(&tags, i);
        if (json_text(&node, &tag, &why) && !add_tag(r, post, tag, err))
            return false;
    }
    return true;
}

static bool add_object(struct reader *r, int kind, const struct json *object,
                       uint64_t number, struct err *err)
{
    struct span field[POST_FIELDS] = {{0}};
    struct number rooms[POST_FIELDS];
    int count = kind == EVENTS ? EVENT_FIELDS : POST_FIELDS;
    uint32_t post;

    for (int i = 0; i < count; i++)
        field[i] = word_of(
            object, kind == EVENTS ? event_names[i] : post_names[i], &rooms[i]);
    if (kind == EVENTS)
        return add_event(r, field, number, err);
    return add_post(r, field, number, &post, err) &&
           (post == ORDINAL_NONE || add_tags(r, post, object, err));
}

static bool read_json(struct reader *r, int kind, const char *path,
                      struct err *err)
{
    struct lines lines;
    struct span line;
    struct json root;
    struct err why;
    bool ok = true;

    if (!lines_open(&lines, path, err))
        return false;
    while (ok && lines_next(&lines, &line)) {
        if (lines.cut ||
            !json_parse(line, LINES_MOST_BYTES, JSON_DEPTH, &root, &why)) {
            dataset_bad_line(r->d, lines.number);
            continue;
        }
        if (json_kind_of(&root) == JSON_OBJECT)
            ok = add_object(r, kind, &root, lines.number, err);
        else
            dataset_bad_line(r->d, lines.number);
        json_release(&root);
    }
    ok = ok && !lines.failed;
    lines_close(&lines);
    return ok;
}

/* ---- files ---- */

static bool read_file(struct reader *r, int kind, const char *path,
                      struct err *err)
{
    const char *dot = strstr(path, ".jsonl");

    return dot && !strchr(dot, '/') ? read_json(r, kind, path, err)
                                    : read_csv(r, kind, path, err);
}

static bool find_first(const char *dir, const char *const *names,
                       char path[DATASET_PATH_BYTES])
{
    for (size_t i = 0; names[i]; i++)
        if (dataset_find(dir, names[i], path))
            return true;
    return false;
}

static bool read_all(struct reader *r, const char *where, struct err *err)
{
    char path[DATASET_PATH_BYTES];
    struct stat st;

    if (stat(where, &st))
        return err_set(err, ERR_ABSENT, "%s: %m", where);
    if (!S_ISDIR(st.st_mode))
        return read_file(r, EVENTS, where, err);
    if (find_first(where, post_files, path) && !read_file(r, POSTS, path, err))
        return false;
    if (!find_first(where, event_files, path))
        return err_set(err, ERR_ABSENT,
                       "%s: no users_interactions.csv, events.tsv, events.csv, "
                       "interactions.csv or events.jsonl there",
                       where);
    return read_file(r, EVENTS, path, err);
}

/* ---- the instants ---- */

static void drop_from(struct split_log *log, int64_t at_ms)
{
    size_t kept = 0;

    for (size_t i = 0; i < log->count; i++)
        if (log->events[i].at_ms < at_ms)
            log->events[kept++] = log->events[i];
    log->count = kept;
}

static bool set_windows(struct dataset *d, const struct dataset_plan *plan,
                        struct err *err)
{
    int64_t cut_ms = plan->cut_ms, end_ms = INT64_MIN, step_ms;

    if (!cut_ms && !split_time_of_share(&d->log, plan->share, &cut_ms, err))
        return false;
    if (plan->tuning) {
        drop_from(&d->log, cut_ms);
        if (!split_time_of_share(&d->log, plan->share, &cut_ms, err))
            return false;
    }
    for (size_t i = 0; i < d->log.count; i++)
        if (d->log.events[i].at_ms >= end_ms)
            end_ms = d->log.events[i].at_ms + 1;
    if (end_ms <= cut_ms)
        return err_set(err, ERR_INVALID, "no event after the cut");
    step_ms = (end_ms - cut_ms) / plan->windows;
    for (uint32_t w = 0; w < plan->windows; w++)
        d->window_at_ms[w] = cut_ms + step_ms * w;
    d->window_at_ms[plan->windows] = end_ms;
    d->window_count = plan->windows;
    return true;
}

static bool settle(struct reader *r, struct err *err)
{
    uint32_t *rank = NULL;
    bool ok;

    r->d->log.post_published_ms = r->published_ms;
    r->published_ms = NULL;
    ok = dataset_settle(r->d, &r->ids, &rank, err) &&
         dataset_terms_settle(r->d, &r->terms, rank, err);
    mem_give(rank);
    return ok;
}

bool dataset_load_temporal(struct dataset *d, const struct dataset_plan *plan,
                           struct err *err)
{
    struct reader r = {.d = d};
    bool ok;

    d->temporal = d->log.has_times = true;
    d->weights = plan->weights;
    if (!dataset_ids_init(&r.ids, err))
        return false;
    ok = dataset_terms_init(&r.terms, err) && read_all(&r, plan->path, err) &&
         settle(&r, err) && set_windows(d, plan, err);
    mem_give(r.published_ms);
    dataset_terms_release(&r.terms);
    dataset_ids_release(&r.ids);
    return ok;
}
