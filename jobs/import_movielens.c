/* MovieLens 100K: u.data (ratings) and u.item (films). */
#include <stdio.h>

#include "base/mem.h"

#include "import_format.h"
#include "names.h"
#include "text.h"
#include "when.h"

enum {
    RATING_FIELDS = 4,
    RATING_MOST = 5,
    LIKED_FROM = 4, /* a rating from here on is a like, every one a view */
    FILM_GENRES = 19,
    FILM_HEAD = 5, /* id, title, release, video release, address */
    FILM_FIELDS = FILM_HEAD + FILM_GENRES,
    TIME_DIGITS_LEAST = 8,
};

static const char *const genres[FILM_GENRES] = {
    "unknown",   "action",   "adventure",   "animation", "children's",
    "comedy",    "crime",    "documentary", "drama",     "fantasy",
    "film-noir", "horror",   "musical",     "mystery",   "romance",
    "sci-fi",    "thriller", "war",         "western",
};

/* Fields of the line; one more than `most` when there are more. */
static size_t split(struct span line, char mark, struct span *field,
                    size_t most)
{
    size_t count = 0;
    struct span cell;

    while (count < most && span_cut(&line, mark, &cell))
        field[count++] = cell;
    return line.at && line.bytes ? most + 1 : count;
}

static struct uuid film_id(const struct import *im, struct span key)
{
    return name_id(import_source(im, "movielens"), "film", key);
}

/* ---- ratings ---- */

static bool is_rating(struct span line, uint64_t number)
{
    struct span f[RATING_FIELDS];
    uint64_t value;

    (void)number;
    return split(line, '\t', f, RATING_FIELDS) == RATING_FIELDS &&
           span_u64(f[0], &value) && span_u64(f[1], &value) &&
           span_u64(f[2], &value) && value >= 1 && value <= RATING_MOST &&
           span_u64(f[3], &value) && f[3].bytes >= TIME_DIGITS_LEAST;
}

struct rating {
    struct uuid user, film;
    struct span film_key;
    bool liked;
    int64_t at_ms;
};

static bool judge_rating(struct import *im, struct span line,
                         struct rating *out)
{
    struct span f[RATING_FIELDS];
    uint64_t value;

    if (split(line, '\t', f, RATING_FIELDS) != RATING_FIELDS) {
        import_skip(im, IMPORT_BAD_LINE,
                    "not user, film, rating, time between tabs");
        return false;
    }
    if (!span_u64(f[0], &value) || !span_u64(f[1], &value)) {
        import_skip(im, IMPORT_BAD_ID, "user and film must be numbers");
        return false;
    }
    if (!span_u64(f[2], &value) || value < 1 || value > RATING_MOST) {
        import_skip(im, IMPORT_BAD_VALUE, "rating '%.*s' is not 1 to 5",
                    IMPORT_SHOWN(f[2]));
        return false;
    }
    out->liked = value >= LIKED_FROM;
    if (!import_time(im, f[3], &out->at_ms))
        return false;
    out->user = name_id(import_source(im, "movielens"), "user", f[0]);
    out->film = film_id(im, f[1]);
    out->film_key = f[1];
    return true;
}

/* The reader, and a film that the list of films does not have. */
static bool add_pair(struct import *im, const struct rating *r, struct err *err)
{
    struct import_label name = import_label_of("Reader", r->user);
    char title[64];
    struct post_row post = {.id = r->film};

    if (!import_knows_user(im, r->user) &&
        !import_user(im, r->user, import_label_span(&name), err))
        return false;
    if (import_knows_post(im, r->film))
        return true;
    import_report_note(&im->report,
                       "films without a line in u.item are called \"Film\" "
                       "and their number");
    snprintf(title, sizeof title, "Film %.*s", SPAN_ARGS(r->film_key));
    post.title = span_of(title);
    return import_post(im, &post, err);
}

static bool add_events(struct import *im, const struct rating *r,
                       struct err *err)
{
    struct span source = import_source(im, "movielens");

    return import_event(im, source, NULL, r->user, r->film, EVENT_VIEW,
                        r->at_ms, err) &&
           (!r->liked || import_event(im, source, NULL, r->user, r->film,
                                      EVENT_LIKE, r->at_ms, err));
}

static bool read_ratings(struct import *im, const char *path,
                         enum import_pass pass, struct err *err)
{
    bool ok = true;
    struct lines lines;
    struct span line;
    struct rating rating;

    if (!lines_open(&lines, path, err))
        return false;
    im->silent = pass == IMPORT_CATALOGUE;
    while (ok && lines_next(&lines, &line)) {
        if (pass == IMPORT_EVENTS)
            import_line(im, lines.number, 1);
        if (!line.bytes || !judge_rating(im, line, &rating))
            continue;
        ok = pass == IMPORT_CATALOGUE ? add_pair(im, &rating, err)
                                      : add_events(im, &rating, err);
    }
    im->silent = false;
    ok = ok && !lines.failed;
    lines_close(&lines);
    return ok;
}

const struct import_format import_ratings = {
    .name = "MovieLens ratings",
    .recognises = is_rating,
    .read = read_ratings,
    .rank = 1,
    .beside = "u.item",
};

/* ---- films ---- */

static bool is_flag(struct span cell)
{
    return span_is(cell, "0") || span_is(cell, "1");
}

static bool is_film(struct span line, uint64_t number)
{
    struct span f[FILM_FIELDS];
    uint64_t id;

    (void)number;
    if (split(line, '|', f, FILM_FIELDS) != FILM_FIELDS || !span_u64(f[0], &id))
        return false;
    for (size_t i = FILM_HEAD; i < FILM_FIELDS; i++)
        if (!is_flag(f[i]))
            return false;
    return true;
}

static bool add_film(struct import *im, struct span line, struct buf *title,
                     struct err *err)
{
    struct span f[FILM_FIELDS];
    struct post_row post = {0};

    if (!is_film(line, im->line)) {
        import_skip(im, IMPORT_BAD_LINE,
                    "not number|title|date|date|address and 19 flags");
        return true;
    }
    split(line, '|', f, FILM_FIELDS);
    if (f[2].bytes && !when_find_film(f[2], &post.published_at_ms)) {
        import_skip(im, IMPORT_BAD_TIME, "release date '%.*s'",
                    IMPORT_SHOWN(f[2]));
        return true;
    }
    buf_reset(title);
    text_from_latin1(title, f[1]);
    post.id = film_id(im, f[0]);
    post.title = buf_view(title);
    post.url = f[4];
    for (size_t i = 0; i < FILM_GENRES; i++)
        if (span_is(f[FILM_HEAD + i], "1"))
            post.tags[post.tag_count++] = span_of(genres[i]);
    return import_post(im, &post, err);
}

static bool read_films(struct import *im, const char *path,
                       enum import_pass pass, struct err *err)
{
    bool ok = true;
    struct lines lines;
    struct span line;
    struct buf title;

    if (pass != IMPORT_CATALOGUE)
        return true;
    if (!lines_open(&lines, path, err))
        return false;
    buf_init(&title, 2 * LINES_MOST_BYTES);
    while (ok && lines_next(&lines, &line)) {
        import_line(im, lines.number, 1);
        if (line.bytes)
            ok = add_film(im, line, &title, err);
    }
    ok = ok && !lines.failed;
    buf_release(&title);
    lines_close(&lines);
    return ok;
}

const struct import_format import_films = {
    .name = "MovieLens films",
    .recognises = is_film,
    .read = read_films,
};

/* ---- what kith has no use for ---- */

static bool is_rater(struct span line, uint64_t number)
{
    enum { FIELDS = 5 };
    struct span f[FIELDS];
    uint64_t value;

    (void)number;
    return split(line, '|', f, FIELDS) == FIELDS && span_u64(f[0], &value) &&
           span_u64(f[1], &value) && (span_is(f[2], "M") || span_is(f[2], "F"));
}

static bool is_genre(struct span line, uint64_t number)
{
    struct span f[2];
    uint64_t value;

    (void)number;
    return split(line, '|', f, 2) == 2 && span_u64(f[1], &value) &&
           value < FILM_GENRES && f[0].bytes && f[0].at[0] > '9';
}

const struct import_format import_raters = {
    .name = "MovieLens users",
    .recognises = is_rater,
    .ignored = "age, sex, occupation and postcode are not used",
};

const struct import_format import_genres = {
    .name = "MovieLens genres",
    .recognises = is_genre,
    .ignored = "the genres are known",
};
