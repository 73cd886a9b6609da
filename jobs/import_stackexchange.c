/* A Stack Exchange site: posts.jsonl, events.tsv (votes.tsv is left out). */
#include <stdio.h>

#include "web/json.h"

#include "import_format.h"
#include "names.h"
#include "when.h"

static const char own_source[] = "stackexchange";

/* What people did there in our words; the reasons are in the help text. */
static const struct {
    const char *kind;
    enum event_type type;
} kinds[] = {
    {"comment", EVENT_CLICK},
    {"favorite", EVENT_LIKE},
    {"answer", EVENT_SHARE},
    {"bounty", EVENT_SHARE},
};

static struct uuid id_of(const struct import *im, const char *kind,
                         uint64_t number)
{
    char key[24];
    int bytes = snprintf(key, sizeof key, "%llu", (unsigned long long)number);

    return name_id(import_source(im, own_source), kind,
                   (struct span){key, (size_t)bytes});
}

/* ---- posts ---- */

static bool is_question(struct span line, uint64_t number)
{
    struct json root;
    struct err err;
    struct span text;
    int64_t id;
    bool found, is;

    (void)number;
    if (!json_parse(line, LINES_MOST_BYTES, JSON_DEPTH, &root, &err))
        return false;
    is = json_kind_of(&root) == JSON_OBJECT &&
         json_find_i64(&root, "post_id", 0, INT64_MAX, &id, NULL, &err) &&
         json_find_text(&root, "title", &text, NULL, &err) &&
         json_find_text(&root, "created", &text, NULL, &err) &&
         json_find_i64(&root, "author_id", INT64_MIN, INT64_MAX, &id, &found,
                       &err);
    json_release(&root);
    return is;
}

static bool load_tags(const struct json *root, struct post_row *post,
                      struct err *why)
{
    struct json tags;
    bool found;

    if (!json_find_array(root, "tags", &tags, &found, why))
        return false;
    if (!found)
        return true;
    for (size_t i = 0; i < json_count(&tags) && i < POST_TAGS_MOST; i++) {
        struct json tag = json_at(&tags, i);
        if (!json_text(&tag, &post->tags[i], why))
            return false;
        post->tag_count++;
    }
    return true;
}

struct question {
    struct post_row post;
    struct span created;
    int64_t number, author; /* author -1: none */
    struct span author_name;
};

static bool load_question(const struct json *root, struct question *q,
                          struct err *why)
{
    bool found;

    q->author = -1;
    return json_find_i64(root, "post_id", 0, INT64_MAX, &q->number, NULL,
                         why) &&
           json_find_text(root, "title", &q->post.title, NULL, why) &&
           json_find_text(root, "created", &q->created, NULL, why) &&
           json_find_text(root, "body", &q->post.body, &found, why) &&
           json_find_text(root, "url", &q->post.url, &found, why) &&
           json_find_i64(root, "author_id", -1, INT64_MAX, &q->author, &found,
                         why) &&
           json_find_text(root, "author", &q->author_name, &found, why) &&
           load_tags(root, &q->post, why);
}

static bool add_author(struct import *im, struct question *q, struct err *err)
{
    struct import_label label;

    if (q->author < 0)
        return true;
    q->post.author = id_of(im, "user", (uint64_t)q->author);
    label = import_label_of("Reader", q->post.author);
    if (!q->author_name.bytes)
        q->author_name = import_label_span(&label);
    return import_knows_user(im, q->post.author) ||
           import_user(im, q->post.author, q->author_name, err);
}

static bool add_question(struct import *im, const struct json *root,
                         struct err *err)
{
    struct question q = {0};
    struct err why;

    if (json_kind_of(root) != JSON_OBJECT) {
        import_skip(im, IMPORT_BAD_LINE, "not a JSON object");
        return true;
    }
    if (!load_question(root, &q, &why)) {
        import_skip(im, IMPORT_MISSING, "%s", why.what);
        return true;
    }
    if (!import_time(im, q.created, &q.post.published_at_ms))
        return true;
    q.post.id = id_of(im, "post", (uint64_t)q.number);
    return add_author(im, &q, err) && import_post(im, &q.post, err);
}

static bool read_questions(struct import *im, const char *path,
                           enum import_pass pass, struct err *err)
{
    bool ok = true;
    struct lines lines;
    struct span line;
    struct json root;
    struct err why;

    if (pass != IMPORT_CATALOGUE)
        return true;
    if (!lines_open(&lines, path, err))
        return false;
    while (ok && lines_next(&lines, &line)) {
        import_line(im, lines.number, 1);
        if (!line.bytes)
            continue;
        if (lines.cut ||
            !json_parse(line, LINES_MOST_BYTES, JSON_DEPTH, &root, &why)) {
            import_skip(im, IMPORT_BAD_LINE, "%s",
                        lines.cut ? "line longer than 1 MiB" : why.what);
            continue;
        }
        ok = add_question(im, &root, err);
        json_release(&root);
    }
    ok = ok && !lines.failed;
    lines_close(&lines);
    return ok;
}

const struct import_format import_questions = {
    .name = "Stack Exchange posts",
    .recognises = is_question,
    .read = read_questions,
};

/* ---- events ---- */

static const char *const columns[] = {"timestamp", "user_id", "post_id",
                                      "event", NULL};

struct reader {
    struct csv csv;
    int at[4]; /* in the order of `columns` */
    int most;
};

static bool is_events(struct span line, uint64_t number)
{
    return number == 1 && import_has_columns(line, '\t', columns);
}

struct row {
    struct uuid user, post;
    bool asks;
    enum event_type type;
    int64_t at_ms;
};

static bool find_kind(struct span word, struct row *row)
{
    row->asks = span_is(word, "ask");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (span_is(word, kinds[i].kind)) {
            row->type = kinds[i].type;
            return true;
        }
    return row->asks;
}

static bool judge(struct import *im, const struct reader *r, struct row *row)
{
    const struct csv *c = &r->csv;
    uint64_t user, post;

    if (c->fault || c->count <= (size_t)r->most) {
        import_skip(im, IMPORT_BAD_LINE, "%s",
                    c->fault ? c->fault : "too few fields");
        return false;
    }
    if (!import_time(im, c->field[r->at[0]], &row->at_ms))
        return false;
    if (!span_u64(c->field[r->at[1]], &user) ||
        !span_u64(c->field[r->at[2]], &post)) {
        import_skip(im, IMPORT_BAD_ID, "user_id and post_id must be numbers");
        return false;
    }
    if (!find_kind(c->field[r->at[3]], row)) {
        import_skip(im, IMPORT_BAD_TYPE, "event '%.*s'",
                    IMPORT_SHOWN(c->field[r->at[3]]));
        return false;
    }
    row->user = id_of(im, "user", user);
    row->post = id_of(im, "post", post);
    return true;
}

static bool take_row(struct import *im, const struct row *row,
                     enum import_pass pass, struct err *err)
{
    struct import_label name = import_label_of("Reader", row->user);

    if (pass == IMPORT_CATALOGUE)
        return import_knows_user(im, row->user) ||
               import_user(im, row->user, import_label_span(&name), err);
    if (row->asks) {
        im->report.authorship++;
        return true;
    }
    return import_event(im, import_source(im, own_source), NULL, row->user,
                        row->post, row->type, row->at_ms, err);
}

static bool read_events(struct import *im, const char *path,
                        enum import_pass pass, struct err *err)
{
    bool ok;
    struct reader r = {0};
    struct row row;

    if (!csv_open(&r.csv, path, '\t', err))
        return false;
    ok = csv_next(&r.csv) || err_set(err, ERR_INVALID, "%s: no header", path);
    for (; ok && columns[r.most]; r.most++)
        r.at[r.most] = import_column(&r.csv, columns[r.most]);
    for (int i = r.most = 0; columns[i]; i++)
        r.most = r.at[i] > r.most ? r.at[i] : r.most;
    if (pass == IMPORT_EVENTS)
        import_line(im, 1, 1);
    im->silent = pass == IMPORT_CATALOGUE;
    while (ok && csv_next(&r.csv)) {
        if (pass == IMPORT_EVENTS)
            import_line(im, r.csv.first_line, r.csv.line_count);
        if (judge(im, &r, &row))
            ok = take_row(im, &row, pass, err);
    }
    im->silent = false;
    ok = ok && !r.csv.lines.failed;
    csv_close(&r.csv);
    return ok;
}

const struct import_format import_answers = {
    .name = "Stack Exchange events",
    .recognises = is_events,
    .read = read_events,
    .rank = 1,
    .beside = "posts.jsonl",
};

static bool is_votes(struct span line, uint64_t number)
{
    static const char *const names[] = {"date", "post_id", "on", "vote", NULL};

    return number == 1 && import_has_columns(line, '\t', names);
}

const struct import_format import_votes = {
    .name = "Stack Exchange votes",
    .recognises = is_votes,
    .ignored = "votes name no voter",
};
