#include <stdio.h>

#include "base/clock.h"
#include "web/json_write.h"

#include "cli.h"
#include "cli_db.h"
#include "import_files.h"

/* clang-format off */
static const char help[] =
    "Usage: kith import PATH... [--dry-run] [--json] [--source NAME]\n"
    "\n"
    "Reads posts, users and interactions from files or folders, plain or gzip.\n"
    "The format is told from the content, not from the name.\n"
    "\n"
    "  --dry-run      judge every line, write nothing; needs no database\n"
    "  --json         the summary as one JSON object on stdout\n"
    "  --source NAME  use NAME in the ids instead of the format's own word; keeps\n"
    "                 two sites of one format apart\n"
    "\n"
    "Importing again doubles nothing: ids are UUIDs derived (version 5) from source\n"
    "and key, such as \"deskdrop:person:123\"; an interaction's id from source, user,\n"
    "post, type, time and the number of exact repetitions before it in its file. An\n"
    "import that was interrupted is completed by running it again.\n"
    "\n"
    "A bad line is left out and named on stderr (the first 20, then only counted);\n"
    "the summary counts all of them by reason. In it, \"new\" means new or different\n"
    "from what was there.\n"
    "\n"
    "FORMATS\n"
    "\n"
    "Deskdrop, users_interactions.csv (timestamp, eventType, contentId, personId):\n"
    "    VIEW             view\n"
    "    LIKE             like\n"
    "    BOOKMARK         like   kept for later: a deliberate mark\n"
    "    FOLLOW           like   wants to hear more; the set's own weights put LIKE,\n"
    "                            BOOKMARK and FOLLOW between VIEW and COMMENT\n"
    "    COMMENT CREATED  share  said in public, the strongest\n"
    "  The set has no titles: an article becomes \"Article 3f2a1c\", published with its\n"
    "  first event; a person becomes \"Reader 91d0b4\".\n"
    "\n"
    "MovieLens, u.data (user, film, rating, time) with u.item (films) beside it:\n"
    "    any rating       view\n"
    "    rating 4 or 5    like, besides\n"
    "  Titles become UTF-8, genres become tags, the release date the publication.\n"
    "  Other ratings beside a u.data (ua.base ...) are the same again: left out.\n"
    "\n"
    "Stack Exchange, posts.jsonl and events.tsv (timestamp, user_id, post_id, event):\n"
    "    ask              the post's author, no interaction\n"
    "    comment          click  read closely enough to write a line\n"
    "    favorite         like\n"
    "    answer           share  the reader gave the post the most there is to give\n"
    "    bounty           share  paid to make others see it\n"
    "  votes.tsv names no voter: left out.\n"
    "\n"
    "Plain rows, as CSV (RFC 4180; separator comma, semicolon or tab; a header row,\n"
    "columns in any order) or as JSON Lines (an object a line, kinds may mix):\n"
    "    posts         id, title; body, author, tags, published_at, image, url, language\n"
    "    users         id, name\n"
    "    interactions  user, post, type, at; id\n"
    "  Columns behind the semicolon may be missing. Ids that are UUIDs stay as they\n"
    "  are, others become UUIDs. type is view, click, like, share, unlike or hide. Times\n"
    "  are ISO 8601 (UTC unless they say otherwise), seconds or milliseconds since 1970.\n"
    "  tags are separated by ; (in JSON an array will do). image and url start with\n"
    "  https://, http:// or /. Without published_at the file's own date is taken.\n"
    "\n"
    "EXAMPLES\n"
    "\n"
    "  kith import --dry-run export/          see what would come, and what is wrong\n"
    "  kith import posts.csv readers.csv interactions.jsonl.gz\n"
    "  kith import ml-100k/u.data             finds ml-100k/u.item by itself\n"
    "\n"
    "Exit codes: 0 done (bad lines may have been left out: see the summary), 1 failed\n"
    "or no line was usable, 2 wrong command line, 3 the database is away.\n";
/* clang-format on */

struct options {
    bool dry_run, json;
    struct span source;
};

enum { SOURCE_MOST = 64, SUMMARY_BYTES = 1 << 20, US_PER_MS = 1000 };

static bool is_source(struct span word)
{
    for (size_t i = 0; i < word.bytes; i++) {
        char c = word.at[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' &&
            c != '.' && c != '_')
            return false;
    }
    return word.bytes && word.bytes <= SOURCE_MOST;
}

static int read_options(int argc, char **argv, struct options *out)
{
    static const struct option longs[] = {
        {"dry-run", no_argument, NULL, 'n'},
        {"json", no_argument, NULL, 'j'},
        {"source", required_argument, NULL, 's'},
        {0},
    };
    int got;

    while ((got = cli_option(&cmd_import, argc, argv, longs)) != -1) {
        if (got == '?')
            return CLI_USAGE;
        out->dry_run |= got == 'n';
        out->json |= got == 'j';
        if (got == 's')
            out->source = span_of(optarg);
    }
    if (out->source.at && !is_source(out->source))
        return cli_usage(&cmd_import,
                         "--source: lower-case letters, digits, - . _ only");
    if (optind == argc)
        return cli_usage(&cmd_import, "names no file or folder");
    return CLI_DONE;
}

static bool read_pass(struct import *im, const struct import_files *files,
                      enum import_pass pass, struct err *err)
{
    for (size_t i = 0; i < files->count; i++) {
        const struct import_file *f = &files->file[i];
        struct err why;

        if (!import_file_begin(im, f->path, err))
            return false;
        if (!f->format->read(im, f->path, pass, &why))
            return err_set(err, why.code, "%s: %s", f->path, why.what);
    }
    return true;
}

static bool read_all(struct import *im, const struct import_files *files,
                     struct err *err)
{
    bool ok;

    cli_progress_begin(&im->progress, "lines read");
    ok = read_pass(im, files, IMPORT_CATALOGUE, err) &&
         read_pass(im, files, IMPORT_EVENTS, err) && import_flush(im, err);
    cli_progress_end(&im->progress);
    return ok;
}

static void write_tally(struct json_write *w, const char *key,
                        const struct import_tally *t, bool dry_run)
{
    json_write_object(w, key);
    json_write_u64(w, "read", t->read);
    if (!dry_run) {
        json_write_u64(w, "new", t->fresh);
        json_write_u64(w, "already_there", t->present);
    }
    json_write_end(w);
}

static void write_skipped(struct json_write *w, const struct import_report *r)
{
    json_write_object(w, "skipped");
    json_write_u64(w, "total", import_report_skipped(r));
    json_write_object(w, "by_reason");
    for (int i = 0; i < IMPORT_REASONS; i++)
        if (r->skipped[i])
            json_write_u64(w, import_reason_name((enum import_reason)i),
                           r->skipped[i]);
    json_write_end(w);
    json_write_end(w);
}

static void write_summary(struct buf *out, const struct import *im,
                          const struct import_files *files, bool dry_run,
                          int64_t took_us)
{
    const struct import_report *r = &im->report;
    struct json_write w;

    json_write_init(&w, out);
    json_write_object(&w, NULL);
    json_write_bool(&w, "dry_run", dry_run);
    json_write_array(&w, "files");
    for (size_t i = 0; i < files->count; i++) {
        json_write_object(&w, NULL);
        json_write_text(&w, "path", span_of(files->file[i].path));
        json_write_word(&w, "format", files->file[i].format->name);
        json_write_end(&w);
    }
    json_write_end(&w);
    json_write_u64(&w, "lines", r->lines);
    write_tally(&w, "posts", &r->posts, dry_run);
    write_tally(&w, "users", &r->users, dry_run);
    write_tally(&w, "interactions", &r->events, dry_run);
    json_write_u64(&w, "authorship_only", r->authorship);
    write_skipped(&w, r);
    json_write_array(&w, "notes");
    for (uint32_t i = 0; i < r->note_count; i++)
        json_write_text(&w, NULL, span_of(r->notes[i]));
    json_write_end(&w);
    json_write_i64(&w, "took_ms", took_us / US_PER_MS);
    json_write_end(&w);
}

static void print_tally(struct buf *out, const char *what,
                        const struct import_tally *t, bool dry_run)
{
    buf_fmt(out, "%-13s %10llu read", what, (unsigned long long)t->read);
    if (!dry_run)
        buf_fmt(out, ", %llu new, %llu already there",
                (unsigned long long)t->fresh, (unsigned long long)t->present);
    buf_char(out, '\n');
}

static void print_summary(struct buf *out, const struct import *im,
                          const struct import_files *files, bool dry_run,
                          int64_t took_us)
{
    const struct import_report *r = &im->report;

    for (size_t i = 0; i < files->count; i++)
        buf_fmt(out, "%s: %s\n", files->file[i].path,
                files->file[i].format->name);
    for (uint32_t i = 0; i < r->note_count; i++)
        buf_fmt(out, "note: %s\n", r->notes[i]);
    buf_fmt(out, "%-13s %10llu\n", "lines", (unsigned long long)r->lines);
    print_tally(out, "posts", &r->posts, dry_run);
    print_tally(out, "users", &r->users, dry_run);
    print_tally(out, "interactions", &r->events, dry_run);
    if (r->authorship)
        buf_fmt(out, "%-13s %10llu only say who wrote a post\n", "events",
                (unsigned long long)r->authorship);
    buf_fmt(out, "%-13s %10llu\n", "skipped",
            (unsigned long long)import_report_skipped(r));
    for (int i = 0; i < IMPORT_REASONS; i++)
        if (r->skipped[i])
            buf_fmt(out, "  %-18s %3llu\n",
                    import_reason_name((enum import_reason)i),
                    (unsigned long long)r->skipped[i]);
    buf_fmt(out, "%s in %.2f s",
            dry_run ? "dry run: nothing was written," : "done",
            (double)took_us / 1e6);
}

static int finish(const struct import *im, const struct import_files *files,
                  const struct options *options, int64_t took_us)
{
    const struct import_report *r = &im->report;
    uint64_t rows = r->posts.read + r->users.read + r->events.read;
    struct buf out;
    bool printed;

    buf_init(&out, SUMMARY_BYTES);
    if (options->json)
        write_summary(&out, im, files, options->dry_run, took_us);
    else
        print_summary(&out, im, files, options->dry_run, took_us);
    printed = cli_print(&out);
    buf_release(&out);
    if (!printed)
        return CLI_FAILED;
    return !rows && import_report_skipped(r) ? CLI_FAILED : CLI_DONE;
}

static bool gather(int argc, char **argv, struct import_files *files,
                   struct import_report *report, struct err *err)
{
    for (int i = optind; i < argc; i++)
        if (!import_files_add(files, argv[i], report, err))
            return false;
    return import_files_settle(files, report, err);
}

static int import_into(struct db *db, int argc, char **argv,
                       const struct config *config,
                       const struct options *options)
{
    struct import_files files = {0};
    struct import im = {0};
    struct err err = {0};
    int64_t started_us = clock_mono_us();
    int64_t job_us = cli_db_until_us(config) - started_us;
    int code;

    if (!import_files_init(&files, &err) ||
        !import_begin(&im, db, job_us, clock_wall_ms(), &err)) {
        import_files_release(&files);
        return cli_fail(&cmd_import, &err);
    }
    im.given = options->source;
    if (gather(argc, argv, &files, &im.report, &err) &&
        read_all(&im, &files, &err))
        code = finish(&im, &files, options, clock_mono_us() - started_us);
    else
        code = cli_fail(&cmd_import, &err);
    import_end(&im);
    import_files_release(&files);
    return code;
}

static int run(int argc, char **argv, const struct config *config)
{
    struct options options = {0};
    struct err err = {0};
    struct db db;
    int code = read_options(argc, argv, &options);

    if (code != CLI_DONE)
        return code;
    if (options.dry_run)
        return import_into(NULL, argc, argv, config, &options);
    if (!cli_db_open(&db, config, &err))
        return cli_fail(&cmd_import, &err);
    code = import_into(&db, argc, argv, config, &options);
    db_release(&db);
    return code;
}

const struct cli_command cmd_import = {
    .name = "import",
    .summary = "load posts, users and interactions from files",
    .help = help,
    .needs_config = true,
    .run = run,
};
