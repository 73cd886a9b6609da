#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"

#include "cli_db.h"
#include "cli_report.h"
#include "cover.h"
#include "demo.h"
#include "import.h"
#include "when.h"

static const char help[] =
    "Usage: kith demo [--dir DIR] [--covers DIR] [--seed N] [--now TIME] "
    "[--json]\n\n"
    "Fills an empty database with a small world: the posts of DIR/posts, "
    "dated\n"
    "over the last 30 days, a cover picture for each, their authors, the "
    "named\n"
    "readers of DIR/readers.jsonl and 400 simulated readers with tastes, "
    "habits\n"
    "and a month of views, clicks, likes and shares.\n\n"
    "  --dir DIR     posts and readers (setting KITH_DEMO_DIR)\n"
    "  --covers DIR  where the pictures go, made if absent (KITH_COVERS); the\n"
    "                posts name them as /covers/<id>.svg\n"
    "  --seed N      another seed is another world (default 1)\n"
    "  --now TIME    the end of the month, not the clock's (ISO 8601)\n"
    "  --json        the summary as one JSON object on stdout\n\n"
    "The same seed and the same time give the same rows. Refuses to touch a\n"
    "database that has other posts; a demo that was interrupted is "
    "completed.\n\n"
    "Exit codes: 0 done, 1 failed or refused, 2 wrong command line, 3 the\n"
    "database is away.\n";

enum { PATH_BYTES = 4096, COVER_BYTES = 1 << 16 };

struct options {
    const char *dir, *covers;
    uint64_t seed;
    int64_t now_ms;
    bool json;
};

static int read_options(int argc, char **argv, struct options *out)
{
    static const struct option longs[] = {
        {"dir", required_argument, NULL, 'd'},
        {"covers", required_argument, NULL, 'c'},
        {"seed", required_argument, NULL, 's'},
        {"now", required_argument, NULL, 'n'},
        {"json", no_argument, NULL, 'j'},
        {0},
    };
    int got;

    while ((got = cli_option(&cmd_demo, argc, argv, longs)) != -1) {
        if (got == '?')
            return CLI_USAGE;
        if (got == 's' &&
            !cli_number(&cmd_demo, "--seed", optarg, 0, UINT64_MAX, &out->seed))
            return CLI_USAGE;
        if (got == 'n' && !when_find(span_of(optarg), &out->now_ms))
            return cli_usage(&cmd_demo, "--now: '%s' is no time", optarg);
        out->dir = got == 'd' ? optarg : out->dir;
        out->covers = got == 'c' ? optarg : out->covers;
        out->json |= got == 'j';
    }
    if (optind < argc)
        return cli_usage(&cmd_demo, "takes no operand: %s", argv[optind]);
    return CLI_DONE;
}

/* ---- an empty catalogue, or one that an interrupted demo left ---- */

static bool count_ours(struct db *db, const struct demo *d, int64_t until_us,
                       int64_t *ours, struct err *err)
{
    struct uuid ids[DEMO_POSTS_MOST];
    struct post_row row;
    struct posts it;
    bool ok;

    for (size_t i = 0; i < d->post_count; i++)
        ids[i] = d->posts[i].id;
    it = posts_by_ids(db, ids, d->post_count, until_us, err);
    *ours = 0;
    while (posts_next(&it, &row))
        ++*ours;
    ok = !it.failed;
    posts_end(&it);
    return ok;
}

static bool may_fill(struct db *db, const struct demo *d,
                     const struct config *config, struct err *err)
{
    int64_t until_us = cli_db_until_us(config), ours;
    struct store_sizes sizes;

    if (!store_sizes_load(db, until_us, &sizes, err) ||
        !count_ours(db, d, until_us, &ours, err))
        return false;
    if (!sizes.posts || (sizes.posts == ours && !sizes.interactions))
        return true;
    return err_set(err, ERR_INVALID,
                   "the database holds %lld posts already: the demo only "
                   "fills an empty one",
                   (long long)sizes.posts);
}

/* ---- covers ---- */

static bool make_folder(const char *path, struct err *err)
{
    char part[PATH_BYTES];
    size_t bytes = strlen(path);

    if (!bytes || bytes >= sizeof part)
        return err_set(err, ERR_INVALID, "--covers: empty or too long");
    memcpy(part, path, bytes + 1);
    for (size_t i = 1; i <= bytes; i++) {
        if (part[i] != '/' && part[i])
            continue;
        part[i] = 0;
        if (mkdir(part, 0755) && errno != EEXIST)
            return err_set(err, ERR_DENIED, "%s: %m", part);
        part[i] = path[i];
    }
    return true;
}

static bool write_cover(const char *folder, const struct demo *d,
                        const struct demo_post *post, struct buf *picture,
                        struct err *err)
{
    char path[PATH_BYTES], id[UUID_TEXT + 1];
    struct file_writer file;
    int bytes;

    uuid_text(post->id, id);
    bytes = snprintf(path, sizeof path, "%s/%s.svg", folder, id);
    if (bytes < 0 || (size_t)bytes >= sizeof path)
        return err_set(err, ERR_INVALID, "--covers: too long");
    buf_reset(picture);
    cover_draw(picture, d->topics[post->topic], post->id);
    if (picture->failed)
        return err_set(err, ERR_MEMORY, "no memory for a cover");
    if (!file_begin(&file, path, err))
        return false;
    if (file_add(&file, picture->at, picture->bytes, err) &&
        file_publish(&file, err))
        return true;
    file_drop(&file);
    return false;
}

static bool write_covers(const char *folder, const struct demo *d,
                         struct err *err)
{
    struct cli_progress progress;
    struct buf picture;
    bool ok = make_folder(folder, err);

    buf_init(&picture, COVER_BYTES);
    cli_progress_begin(&progress, "covers");
    for (size_t i = 0; ok && i < d->post_count; i++) {
        ok = write_cover(folder, d, &d->posts[i], &picture, err);
        cli_progress_at(&progress, i, d->post_count);
    }
    cli_progress_end(&progress);
    buf_release(&picture);
    return ok;
}

/* ---- rows ---- */

static bool add_users(struct import *im, const struct demo *d, struct err *err)
{
    for (size_t i = 0; i < d->post_count; i++)
        if (!import_knows_user(im, d->posts[i].author) &&
            !import_user(im, d->posts[i].author, d->posts[i].author_name, err))
            return false;
    for (size_t i = 0; i < d->persona_count; i++)
        if (!import_user(im, d->personas[i].id, d->personas[i].name, err))
            return false;
    for (uint32_t i = 0; i < DEMO_READERS; i++) {
        char name[32];
        snprintf(name, sizeof name, "Demo reader %u", i + 1);
        if (!import_user(im, demo_reader_id(i), span_of(name), err))
            return false;
    }
    return true;
}

static bool add_post(struct import *im, const struct demo_post *post,
                     struct err *err)
{
    char id[UUID_TEXT + 1], image[64];
    struct post_row row = {
        .id = post->id,
        .author = post->author,
        .title = post->title,
        .body = post->body,
        .language = SPAN("en"),
        .tag_count = post->tag_count,
        .published_at_ms = post->published_at_ms,
    };

    uuid_text(post->id, id);
    snprintf(image, sizeof image, "/covers/%s.svg", id);
    row.image = span_of(image);
    memcpy(row.tags, post->tags, sizeof post->tags);
    return import_post(im, &row, err);
}

struct taker {
    struct import *im;
    struct err *err;
};

static bool take_event(void *arg, const struct demo_event *e)
{
    struct taker *t = arg;

    return import_event(t->im, SPAN("demo"), NULL, e->user, e->post, e->type,
                        e->at_ms, t->err);
}

static bool add_all(struct import *im, struct demo *d,
                    const struct options *options, struct err *err)
{
    struct taker taker = {im, err};

    demo_publish(d, options->seed, options->now_ms);
    im->file = options->dir;
    if (!add_users(im, d, err))
        return false;
    for (size_t i = 0; i < d->post_count; i++)
        if (!add_post(im, &d->posts[i], err))
            return false;
    if (import_report_skipped(&im->report))
        return err_set(err, ERR_INVALID, "the demo's posts are not all usable");
    return demo_live(d, options->seed, options->now_ms, take_event, &taker) &&
           import_flush(im, err);
}

/* ---- the command ---- */

static bool report(const struct import *im, const struct demo *d,
                   const struct options *options, int64_t took_us)
{
    const struct import_report *r = &im->report;
    struct cli_report report;
    struct json_write *w;

    cli_report_begin(&report, options->json);
    w = report.json;
    if (w) {
        json_write_u64(w, "posts", r->posts.read);
        json_write_u64(w, "covers", r->posts.read);
        json_write_u64(w, "users", r->users.read);
        json_write_u64(w, "personas", d->persona_count);
        json_write_u64(w, "interactions", r->events.read);
        json_write_u64(w, "seed", options->seed);
        json_write_i64(w, "now", options->now_ms);
        json_write_i64(w, "took_ms", took_us / 1000);
    } else {
        buf_fmt(&report.text,
                "%llu posts with covers in %s, %llu users (%zu of them named "
                "readers),\n%llu interactions in %.2f s. Next: kith train",
                (unsigned long long)r->posts.read, options->covers,
                (unsigned long long)r->users.read, d->persona_count,
                (unsigned long long)r->events.read, (double)took_us / 1e6);
    }
    return cli_report_end(&report, &cmd_demo, true, NULL) == CLI_DONE;
}

static bool fill(struct db *db, struct demo *d, const struct config *config,
                 const struct options *options, struct err *err)
{
    int64_t started_us = clock_mono_us();
    struct import im;
    bool ok;

    if (!may_fill(db, d, config, err) ||
        !write_covers(options->covers, d, err) ||
        !import_begin(&im, db, cli_db_until_us(config) - started_us,
                      options->now_ms, err))
        return false;
    ok = add_all(&im, d, options, err);
    if (ok && !report(&im, d, options, clock_mono_us() - started_us))
        ok = err_set(err, ERR_DOWN, "standard output is closed");
    import_end(&im);
    return ok;
}

static int run(int argc, char **argv, const struct config *config)
{
    struct options options = {.dir = config->demo_dir,
                              .covers = config->covers,
                              .seed = 1,
                              .now_ms = clock_wall_ms()};
    struct err err = {0};
    struct demo demo;
    struct db db;
    int code = read_options(argc, argv, &options);

    if (code != CLI_DONE)
        return code;
    if (!demo_load(&demo, options.dir, &err))
        return cli_fail(&cmd_demo, &err);
    if (!cli_db_open(&db, config, &err)) {
        demo_release(&demo);
        return cli_fail(&cmd_demo, &err);
    }
    if (!fill(&db, &demo, config, &options, &err))
        code = cli_fail(&cmd_demo, &err);
    db_release(&db);
    demo_release(&demo);
    return code;
}

const struct cli_command cmd_demo = {
    .name = "demo",
    .summary = "fill an empty database with posts, readers and their month",
    .help = help,
    .needs_config = true,
    .run = run,
};
