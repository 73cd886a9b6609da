/* Deskdrop: users_interactions.csv, a year of events on shared articles. */
#include "base/mem.h"

#include "import_format.h"
#include "names.h"

/*
 * The set's kinds in our words. Its authors weigh them VIEW 1, LIKE 2,
 * BOOKMARK 2.5, FOLLOW 3, COMMENT CREATED 4: the three in the middle are
 * deliberate marks of interest (a like), a comment is said in public and costs
 * most (a share).
 */
static const struct {
    const char *kind;
    enum event_type type;
} kinds[] = {
    {"VIEW", EVENT_VIEW},
    {"LIKE", EVENT_LIKE},
    {"BOOKMARK", EVENT_LIKE},
    {"FOLLOW", EVENT_LIKE},
    {"COMMENT CREATED", EVENT_SHARE},
};

static const char *const columns[] = {"timestamp", "eventType", "contentId",
                                      "personId", NULL};

struct reader {
    struct csv csv;
    int time, kind, article, person; /* columns */
    struct idmap articles;
    int64_t *first_at_ms; /* parallel to articles.ids */
    size_t first_cap;
};

static bool recognises(struct span line, uint64_t number)
{
    return number == 1 && import_has_columns(line, ',', columns);
}

static bool find_kind(struct span word, enum event_type *out)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (span_is(word, kinds[i].kind)) {
            *out = kinds[i].type;
            return true;
        }
    return false;
}

struct row {
    struct uuid person, article;
    enum event_type type;
    int64_t at_ms;
};

static bool judge(struct import *im, const struct reader *r, struct row *row)
{
    const struct csv *c = &r->csv;
    struct span source = import_source(im, "deskdrop");
    int most = r->time > r->kind ? r->time : r->kind;

    if (r->article > most)
        most = r->article;
    if (r->person > most)
        most = r->person;
    if (c->fault || c->count <= (size_t)most) {
        import_skip(im, IMPORT_BAD_LINE, "%s",
                    c->fault ? c->fault : "too few fields");
        return false;
    }
    if (!import_time(im, c->field[r->time], &row->at_ms))
        return false;
    if (!find_kind(c->field[r->kind], &row->type)) {
        import_skip(im, IMPORT_BAD_TYPE, "eventType '%.*s'",
                    IMPORT_SHOWN(c->field[r->kind]));
        return false;
    }
    if (!import_key_is_good(c->field[r->article]) ||
        !import_key_is_good(c->field[r->person])) {
        import_skip(im, IMPORT_BAD_ID, "contentId or personId");
        return false;
    }
    row->article = name_id(source, "article", c->field[r->article]);
    row->person = name_id(source, "person", c->field[r->person]);
    return true;
}

static bool note_article(struct reader *r, const struct row *row,
                         struct err *err)
{
    uint32_t at, before = r->articles.count;

    if (!idmap_add(&r->articles, row->article, &at, err) ||
        !mem_grow(&r->first_at_ms, &r->first_cap, (size_t)at + 1,
                  sizeof *r->first_at_ms, err))
        return false;
    if (r->articles.count > before || row->at_ms < r->first_at_ms[at])
        r->first_at_ms[at] = row->at_ms;
    return true;
}

static bool note_row(struct import *im, struct reader *r, const struct row *row,
                     struct err *err)
{
    struct import_label name = import_label_of("Reader", row->person);

    return note_article(r, row, err) &&
           (import_knows_user(im, row->person) ||
            import_user(im, row->person, import_label_span(&name), err));
}

static bool add_articles(struct import *im, const struct reader *r,
                         struct err *err)
{
    for (uint32_t i = 0; i < r->articles.count; i++) {
        struct uuid id = r->articles.ids[i];
        struct import_label title = import_label_of("Article", id);
        struct post_row post = {
            .id = id,
            .title = import_label_span(&title),
            .body = SPAN("The set gives neither title nor text of this "
                         "article."),
            .published_at_ms = r->first_at_ms[i],
        };
        if (!import_knows_post(im, id) && !import_post(im, &post, err))
            return false;
    }
    if (r->articles.count)
        import_report_note(&im->report,
                           "Deskdrop has no titles: its articles are called "
                           "\"Article\" and the start of their id, published "
                           "with their first event");
    return true;
}

static bool read_rows(struct import *im, struct reader *r,
                      enum import_pass pass, struct err *err)
{
    struct span source = import_source(im, "deskdrop");
    struct row row;

    while (csv_next(&r->csv)) {
        if (pass == IMPORT_EVENTS)
            import_line(im, r->csv.first_line, r->csv.line_count);
        if (!judge(im, r, &row))
            continue;
        if (pass == IMPORT_CATALOGUE
                ? !note_row(im, r, &row, err)
                : !import_event(im, source, NULL, row.person, row.article,
                                row.type, row.at_ms, err))
            return false;
    }
    return !r->csv.lines.failed;
}

static bool read_file(struct import *im, const char *path,
                      enum import_pass pass, struct err *err)
{
    bool ok = false;
    struct reader r = {0};

    if (!csv_open(&r.csv, path, ',', err))
        return false;
    if (!idmap_init(&r.articles, 1, err))
        goto out;
    if (!csv_next(&r.csv)) {
        err_set(err, ERR_INVALID, "%s: no header", path);
        goto out;
    }
    if (pass == IMPORT_EVENTS)
        import_line(im, 1, 1);
    r.time = import_column(&r.csv, columns[0]);
    r.kind = import_column(&r.csv, columns[1]);
    r.article = import_column(&r.csv, columns[2]);
    r.person = import_column(&r.csv, columns[3]);
    im->silent = pass == IMPORT_CATALOGUE;
    ok = read_rows(im, &r, pass, err);
    im->silent = false;
    ok = ok && (pass == IMPORT_EVENTS || add_articles(im, &r, err));
out:
    csv_close(&r.csv);
    idmap_release(&r.articles);
    mem_give(r.first_at_ms);
    return ok;
}

const struct import_format import_deskdrop = {
    .name = "Deskdrop events",
    .recognises = recognises,
    .read = read_file,
};
