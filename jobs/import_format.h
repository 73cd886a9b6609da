/*
 * import_format.h -- the formats an import understands, and how one is told
 * from its content.
 *
 * Passes  every file is read twice: IMPORT_CATALOGUE gives users and posts,
 *         IMPORT_EVENTS what readers did, so that events never come before
 *         their posts, whatever the order of the files. A line is counted and
 *         complained about in one pass only.
 */
#pragma once

#include "csv.h"
#include "import.h"

enum import_pass { IMPORT_CATALOGUE, IMPORT_EVENTS };

struct import_format {
    const char *name;
    /* Judges line `number` (from 1) of a file. */
    bool (*recognises)(struct span line, uint64_t number);
    /* NULL: files of this format are left out, `ignored` says why. */
    bool (*read)(struct import *im, const char *path, enum import_pass pass,
                 struct err *err);
    const char *ignored;
    /* Files of a smaller rank are read first within a pass. */
    unsigned rank;
    /* A file that belongs to this one and is looked for beside it. */
    const char *beside;
};

extern const struct import_format import_deskdrop, import_films, import_ratings,
    import_raters, import_genres, import_questions, import_answers,
    import_votes, import_csv_users, import_csv_posts, import_csv_events,
    import_json;

/* ---- help for the readers ---- */

/* The column called `name` in the record, -1 when there is none. */
int import_column(const struct csv *c, const char *name);

/* True when the line, read as CSV with this separator, has all these names
 * (ends with NULL). */
bool import_has_columns(struct span line, char separator,
                        const char *const *names);

/* True when the span may be the key of an id. */
bool import_key_is_good(struct span key);

/* A last word for things without a name: "Article 3f2a1c". */
struct import_label {
    char text[48];
};
struct import_label import_label_of(const char *word, struct uuid id);

static inline struct span import_label_span(const struct import_label *l)
{
    return span_of(l->text);
}
