/* kith's own form as CSV: posts, users and interactions, a file each. */
#include "import_format.h"
#include "import_plain.h"

enum kind { KIND_USERS, KIND_POSTS, KIND_EVENTS };

static const char *const user_columns[] = {"id", "name", NULL};
static const char *const post_columns[] = {
    "id",           "title", "body", "author",   "tags",
    "published_at", "image", "url",  "language", NULL};
static const char *const post_needs[] = {"id", "title", NULL};
static const char *const event_columns[] = {"user", "post", "type",
                                            "at",   "id",   NULL};
static const char *const event_needs[] = {"user", "post", "type", "at", NULL};

static const struct {
    const char *const *columns, *const *needs;
} shapes[] = {
    [KIND_USERS] = {user_columns, user_columns},
    [KIND_POSTS] = {post_columns, post_needs},
    [KIND_EVENTS] = {event_columns, event_needs},
};

enum { COLUMNS_MOST = sizeof post_columns / sizeof post_columns[0] };

struct reader {
    struct csv csv;
    enum kind kind;
    int at[COLUMNS_MOST];
    size_t header_count;
};

/* The separator under which the header has what it needs, 0 for none. */
static char separator_of(struct span header, enum kind kind)
{
    static const char marks[] = {',', '\t', ';'};

    for (size_t i = 0; i < sizeof marks; i++)
        if (import_has_columns(header, marks[i], shapes[kind].needs))
            return marks[i];
    return 0;
}

static bool is_events(struct span line, uint64_t number)
{
    return number == 1 && separator_of(line, KIND_EVENTS);
}

static bool is_posts(struct span line, uint64_t number)
{
    return number == 1 && separator_of(line, KIND_POSTS) &&
           !is_events(line, number);
}

static bool is_users(struct span line, uint64_t number)
{
    return number == 1 && separator_of(line, KIND_USERS) &&
           !is_posts(line, number) && !is_events(line, number);
}

static struct span cell(const struct reader *r, size_t column)
{
    return r->at[column] < 0 ? (struct span){0} : r->csv.field[r->at[column]];
}

static bool add_post(struct import *im, const struct reader *r, struct err *err)
{
    struct plain_post post = {
        .id = cell(r, 0),
        .title = cell(r, 1),
        .body = cell(r, 2),
        .author = cell(r, 3),
        .published_at = cell(r, 5),
        .image = cell(r, 6),
        .url = cell(r, 7),
        .language = cell(r, 8),
    };

    plain_split_tags(cell(r, 4), &post);
    return plain_post_add(im, &post, err);
}

static bool add_row(struct import *im, const struct reader *r, struct err *err)
{
    if (r->csv.fault || r->csv.count != r->header_count) {
        if (r->csv.fault)
            import_skip(im, IMPORT_BAD_LINE, "%s", r->csv.fault);
        else
            import_skip(im, IMPORT_BAD_LINE, "%zu fields, the header has %zu",
                        r->csv.count, r->header_count);
        return true;
    }
    if (r->kind == KIND_USERS)
        return plain_user_add(im, &(struct plain_user){cell(r, 0), cell(r, 1)},
                              err);
    if (r->kind == KIND_POSTS)
        return add_post(im, r, err);
    return plain_event_add(im,
                           &(struct plain_event){.user = cell(r, 0),
                                                 .post = cell(r, 1),
                                                 .type = cell(r, 2),
                                                 .at = cell(r, 3),
                                                 .id = cell(r, 4)},
                           err);
}

static bool is_known(const struct reader *r, size_t column)
{
    for (size_t i = 0; shapes[r->kind].columns[i]; i++)
        if (r->at[i] == (int)column)
            return true;
    return false;
}

static bool read_header(struct import *im, struct reader *r)
{
    if (!csv_next(&r->csv))
        return false;
    import_line(im, r->csv.first_line, r->csv.line_count);
    r->header_count = r->csv.count;
    for (size_t i = 0; shapes[r->kind].columns[i]; i++)
        r->at[i] = import_column(&r->csv, shapes[r->kind].columns[i]);
    for (size_t i = 0; i < r->csv.count; i++)
        if (!is_known(r, i))
            import_report_note(&im->report, "column %.*s is not used",
                               IMPORT_SHOWN(r->csv.field[i]));
    return true;
}

static bool find_separator(const char *path, enum kind kind, char *out,
                           struct err *err)
{
    struct lines lines;
    struct span line;

    if (!lines_open(&lines, path, err))
        return false;
    *out = lines_next(&lines, &line) ? separator_of(line, kind) : 0;
    lines_close(&lines);
    return *out || err_set(err, ERR_INVALID, "%s: the header changed", path);
}

static bool read_kind(struct import *im, const char *path, enum kind kind,
                      struct err *err)
{
    struct reader r = {.kind = kind};
    char separator;
    bool ok;

    if (!find_separator(path, kind, &separator, err) ||
        !csv_open(&r.csv, path, separator, err))
        return false;
    ok = read_header(im, &r);
    while (ok && csv_next(&r.csv)) {
        import_line(im, r.csv.first_line, r.csv.line_count);
        ok = add_row(im, &r, err);
    }
    ok = ok && !r.csv.lines.failed;
    csv_close(&r.csv);
    return ok;
}

static bool read_users(struct import *im, const char *path,
                       enum import_pass pass, struct err *err)
{
    return pass != IMPORT_CATALOGUE || read_kind(im, path, KIND_USERS, err);
}

static bool read_posts(struct import *im, const char *path,
                       enum import_pass pass, struct err *err)
{
    return pass != IMPORT_CATALOGUE || read_kind(im, path, KIND_POSTS, err);
}

static bool read_events(struct import *im, const char *path,
                        enum import_pass pass, struct err *err)
{
    return pass != IMPORT_EVENTS || read_kind(im, path, KIND_EVENTS, err);
}

const struct import_format import_csv_users = {
    .name = "plain users (CSV)",
    .recognises = is_users,
    .read = read_users,
};
const struct import_format import_csv_posts = {
    .name = "plain posts (CSV)",
    .recognises = is_posts,
    .read = read_posts,
    .rank = 1,
};
const struct import_format import_csv_events = {
    .name = "plain interactions (CSV)",
    .recognises = is_events,
    .read = read_events,
    .rank = 1,
};
