/*
 * sized_model.c -- a model of a known size, and the part of its database that
 * serving needs: all posts, and some readers with their histories.
 *
 *     sized_model gowalla|ml20m FOLDER READERS
 *
 * Data     support/curve_data.h, types 60/20/12/8.
 * Files    model: as `kith train` would publish it, without the parts of
 *          hybrid_v2; posts, users, history: for COPY (text format), columns
 *          id title body published_at updated_at; id;
 *          id user_id post_id interaction_type created_at.
 * Readers  drawn with seed 2; the others are in the model alone.
 */
#include <limits.h>
#include <time.h>

#include "../support/curve_data.h"
#include "app/post_wire.h"
#include "app/version.h"
#include "base/clock.h"

enum {
    MS_PER_S = 1000,
    DAY_S = 86400,
    TEXT_MOST = 1 << 16,
    TEN = 10,
    READERS_MOST = 100000,
    AGES = 300,
    ARGUMENTS = 4
};

static struct fixture f;
static struct config config;
static struct buf text;
static int64_t now_ms;

static FILE *file_made(const char *folder, const char *name)
{
    char path[PATH_MAX];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "w");
    if (!file) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    return file;
}

static void file_ended(FILE *file)
{
    if (fclose(file)) {
        perror("sized_model");
        exit(EXIT_FAILURE);
    }
}

static const char body[] =
    "A paragraph of about the length that a post of a site has. It says "
    "nothing, but it says it in five hundred characters, so that an answer "
    "with twenty posts is as large as one that people read: there is a first "
    "sentence that tells what it is about, some more that say it again in "
    "other words, an example that somebody may remember, and an end that asks "
    "the reader what he thinks of all this, because that is what such posts "
    "do when they have come to their end and want to be answered.";

static int64_t published_ms(uint32_t post)
{
    return now_ms - (int64_t)DAY_S * MS_PER_S * (1 + post % AGES);
}

static bool post_text(void *arg, uint32_t post, struct span *out,
                      struct model_title *title, struct err *err)
{
    char name[64];
    int bytes = snprintf(name, sizeof name, "What is to be said of %u", post);
    struct post_row row = {.id = fixture_post(post),
                           .title = {name, (size_t)bytes},
                           .body = {body, sizeof body - 1},
                           .language = SPAN("en"),
                           .tags = {SPAN("first"), SPAN("second")},
                           .tag_count = 2,
                           .published_at_ms = published_ms(post),
                           .visible = true};

    (void)arg;
    (void)err;
    buf_reset(&text);
    post_wire_write(&text, &row, &config, title);
    *out = buf_view(&text);
    return true;
}

static void write_model(const char *folder)
{
    struct model_source source = fixture_source(&f);
    char version[VERSION_TEXT + 1], path[PATH_MAX];
    int64_t *published;
    struct err err;

    fixture_must(mem_take(f.post_count, sizeof *published, &published, &err),
                 &err);
    for (uint32_t p = 0; p < f.post_count; p++)
        published[p] = published_ms(p);
    version_text(now_ms, version);
    source.text = post_text;
    source.post_published_ms = published;
    source.built_at_ms = source.trained_until_ms = now_ms;
    source.version = version;
    snprintf(path, sizeof path, "%s/model", folder);
    fixture_must(model_write(path, &source, &err), &err);
    mem_give(published);
}

static void put_id(FILE *file, struct uuid id, const char *end)
{
    char out[UUID_TEXT + 1];

    uuid_text(id, out);
    fprintf(file, "%s%s", out, end);
}

static void put_time(FILE *file, int64_t at_ms, const char *end)
{
    time_t s = at_ms / MS_PER_S;
    struct tm tm;
    char out[32];

    gmtime_r(&s, &tm);
    strftime(out, sizeof out, "%Y-%m-%d %H:%M:%S+00", &tm);
    fprintf(file, "%s%s", out, end);
}

static void write_posts(const char *folder)
{
    FILE *file = file_made(folder, "posts");

    for (uint32_t p = 0; p < f.post_count; p++) {
        put_id(file, fixture_post(p), "\t");
        fprintf(file, "What is to be said of %u\t%s\t", p, body);
        put_time(file, published_ms(p), "\t");
        put_time(file, published_ms(p), "\n");
    }
    file_ended(file);
}

/* Events of one reader, a second apart, as the pairs of the model say. */
static void put_history(FILE *file, uint32_t user, uint32_t *next)
{
    static const char *const words[] = {[EVENT_VIEW] = "view",
                                        [EVENT_CLICK] = "click",
                                        [EVENT_LIKE] = "like",
                                        [EVENT_SHARE] = "share"};
    struct row row = matrix_user_row(&f.matrix, user);

    for (uint32_t i = 0; i < row.count; i++)
        for (enum event_type t = EVENT_VIEW; t <= EVENT_SHARE; t++) {
            if (!(pair_mask(row.pairs[i]) >> t & 1))
                continue;
            put_id(file, fixture_id('e', (*next)++), "\t");
            put_id(file, fixture_user(user), "\t");
            put_id(file, fixture_post(pair_ordinal(row.pairs[i])), "\t");
            fprintf(file, "%s\t", words[t]);
            put_time(file, now_ms - (int64_t)MS_PER_S * (DAY_S + i), "\n");
        }
}

static void write_readers(const char *folder, uint32_t count)
{
    FILE *users = file_made(folder, "users"),
         *history = file_made(folder, "history");
    struct rng rng = rng_of(2);
    uint32_t next = 0;
    uint8_t *taken;
    struct err err;

    fixture_must(mem_take(f.user_count, 1, &taken, &err), &err);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t user = rng_below(&rng, f.user_count);
        if (taken[user]++)
            continue;
        put_id(users, fixture_user(user), "\n");
        put_history(history, user, &next);
    }
    mem_give(taken);
    file_ended(users);
    file_ended(history);
}

int main(int argc, char **argv)
{
    const struct curve *curve = NULL;
    struct err err;
    long readers =
        argc == ARGUMENTS ? strtol(argv[ARGUMENTS - 1], NULL, TEN) : 0;

    for (int i = 0; argc == ARGUMENTS && i < CURVES; i++)
        if (!strcmp(argv[1], curve_all[i].name))
            curve = &curve_all[i];
    if (!curve || readers < 1 || readers > READERS_MOST) {
        fprintf(stderr, "usage: sized_model gowalla|ml20m FOLDER READERS\n");
        return EXIT_FAILURE;
    }
    fixture_must(config_load(&config, &err), &err);
    buf_init(&text, TEXT_MOST);
    now_ms = clock_wall_ms();
    curve_make(&f, curve, &mix_all[1]);
    fixture_must(interactions_fold(&f.events, &f.weights, f.user_count,
                                   f.post_count, &f.matrix, &err),
                 &err);
    write_model(argv[2]);
    write_posts(argv[2]);
    write_readers(argv[2], (uint32_t)readers);
    buf_release(&text);
    return EXIT_SUCCESS;
}
