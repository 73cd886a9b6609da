#include "import_files.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/mem.h"

enum { SNIFFED_LINES = 10 };

/* The more particular first: plain rows would also take some of the others. */
static const struct import_format *const formats[] = {
    &import_deskdrop,   &import_questions, &import_answers,   &import_votes,
    &import_csv_events, &import_csv_posts, &import_csv_users, &import_json,
    &import_ratings,    &import_films,     &import_raters,    &import_genres,
};

bool import_files_init(struct import_files *f, struct err *err)
{
    *f = (struct import_files){0};
    return mem_take(IMPORT_FILES_MOST, sizeof *f->file, &f->file, err);
}

void import_files_release(struct import_files *f)
{
    mem_give(f->file);
}

static const struct import_format *format_of_line(struct span line,
                                                  uint64_t number)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (formats[i]->recognises(line, number))
            return formats[i];
    return NULL;
}

/* *out NULL: of no known format. */
static bool sniff(const char *path, const struct import_format **out,
                  struct err *err)
{
    struct lines lines;
    struct span line;
    bool ok;

    *out = NULL;
    if (!lines_open(&lines, path, err))
        return false;
    while (!*out && lines.number < SNIFFED_LINES && lines_next(&lines, &line))
        if (!lines.cut)
            *out = format_of_line(line, lines.number);
    ok = !lines.failed;
    lines_close(&lines);
    return ok;
}

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static bool same_folder(const char *a, const char *b)
{
    size_t bytes = (size_t)(name_of(a) - a);

    return bytes == (size_t)(name_of(b) - b) && !memcmp(a, b, bytes);
}

static bool has_file(const struct import_files *f, const char *path)
{
    for (size_t i = 0; i < f->count; i++)
        if (!strcmp(f->file[i].path, path))
            return true;
    return false;
}

static bool keep_file(struct import_files *f, const char *path,
                      const struct import_format *format, struct err *err)
{
    struct import_file *file = &f->file[f->count];

    if (has_file(f, path))
        return true;
    if (f->count == IMPORT_FILES_MOST || strlen(path) >= sizeof file->path)
        return err_set(err, ERR_LIMIT,
                       "%s: more than %d files, or a path too long", path,
                       IMPORT_FILES_MOST);
    memcpy(file->path, path, strlen(path) + 1);
    file->format = format;
    f->count++;
    return true;
}

static bool add_file(struct import_files *f, const char *path, bool named,
                     struct import_report *report, struct err *err)
{
    const struct import_format *format;

    if (!sniff(path, &format, err)) {
        if (named)
            return false;
        import_report_note(report, "%s: left out, %s", path, err->what);
        return true;
    }
    if (!format && named)
        return err_set(err, ERR_INVALID,
                       "%s: no known format; `kith import --help` lists them",
                       path);
    if (!format) {
        import_report_note(report, "%s: left out, no known format",
                           name_of(path));
        return true;
    }
    if (!format->read) {
        import_report_note(report, "%s (%s): left out, %s", name_of(path),
                           format->name, format->ignored);
        return true;
    }
    return keep_file(f, path, format, err);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool add_entry(struct import_files *f, const char *folder,
                      const char *name, struct import_report *report,
                      struct err *err)
{
    char path[IMPORT_PATH_BYTES];
    struct stat st;
    int bytes = snprintf(path, sizeof path, "%s/%s", folder, name);

    if (bytes < 0 || (size_t)bytes >= sizeof path)
        return err_set(err, ERR_LIMIT, "%s/%s: path too long", folder, name);
    if (stat(path, &st) || !S_ISREG(st.st_mode))
        return true;
    return add_file(f, path, false, report, err);
}

static bool add_folder(struct import_files *f, const char *folder,
                       struct import_report *report, struct err *err)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_visible, alphasort);
    size_t before = f->count;
    bool ok = true;

    if (count < 0)
        return err_set(err, ERR_ABSENT, "%s: %m", folder);
    for (int i = 0; i < count; i++) {
        ok = ok && add_entry(f, folder, entries[i]->d_name, report, err);
        free(entries[i]); /* scandir took it from the heap */
    }
    free(entries);
    if (ok && f->count == before)
        return err_set(err, ERR_INVALID, "%s: no file of a known format",
                       folder);
    return ok;
}

bool import_files_add(struct import_files *f, const char *path,
                      struct import_report *report, struct err *err)
{
    char folder[IMPORT_PATH_BYTES];
    size_t bytes = strlen(path);
    struct stat st;

    if (!bytes || bytes >= sizeof folder)
        return err_set(err, ERR_INVALID, "empty or too long a path");
    if (stat(path, &st))
        return err_set(err, ERR_ABSENT, "%s: %m", path);
    if (!S_ISDIR(st.st_mode))
        return add_file(f, path, true, report, err);
    memcpy(folder, path, bytes + 1);
    while (bytes > 1 && folder[bytes - 1] == '/')
        folder[--bytes] = 0;
    return add_folder(f, folder, report, err);
}

/*
 * MovieLens comes with the same ratings again, cut into training and test:
 * where a file is called u.data, the other ratings beside it are left out.
 */
static void drop_splits(struct import_files *f, struct import_report *report)
{
    const char *whole = NULL;
    size_t kept = 0;

    for (size_t i = 0; i < f->count; i++)
        if (f->file[i].format == &import_ratings &&
            span_starts(span_of(name_of(f->file[i].path)), "u.data"))
            whole = f->file[i].path;
    for (size_t i = 0; i < f->count; i++) {
        struct import_file *file = &f->file[i];
        if (whole && file->format == &import_ratings && file->path != whole &&
            same_folder(file->path, whole)) {
            import_report_note(report, "%s: left out, %s has its ratings",
                               name_of(file->path), name_of(whole));
            continue;
        }
        if (kept != i)
            f->file[kept] = *file;
        kept++;
    }
    f->count = kept;
}

static bool add_beside(struct import_files *f, size_t at,
                       struct import_report *report, struct err *err)
{
    static const char *const endings[] = {"", ".gz"};
    const char *wanted = f->file[at].format->beside;
    char path[IMPORT_PATH_BYTES];
    struct stat st;

    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        const char *given = f->file[at].path;
        int bytes =
            snprintf(path, sizeof path, "%.*s%s%s",
                     (int)(name_of(given) - given), given, wanted, endings[i]);
        if (bytes < 0 || (size_t)bytes >= sizeof path || has_file(f, path))
            return true;
        if (!stat(path, &st) && S_ISREG(st.st_mode))
            return add_file(f, path, false, report, err);
    }
    return true;
}

static int by_rank(const void *a, const void *b)
{
    const struct import_file *x = a, *y = b;

    if (x->format->rank != y->format->rank)
        return x->format->rank < y->format->rank ? -1 : 1;
    return strcmp(x->path, y->path);
}

bool import_files_settle(struct import_files *f, struct import_report *report,
                         struct err *err)
{
    drop_splits(f, report);
    for (size_t i = 0; i < f->count; i++)
        if (f->file[i].format->beside && !add_beside(f, i, report, err))
            return false;
    qsort(f->file, f->count, sizeof *f->file, by_rank);
    return true;
}
