/*
 * bench_hybrid.c -- how good the served rankings are, and how fast: the very
 * code that answers requests, on a log cut at an instant.
 *
 * Use      bench_hybrid [FOLDER [SHARE [UNTIL]]]: a folder with
 * users_interactions.csv.gz (Deskdrop) or events.tsv.gz and posts.jsonl.gz
 * (Stack Exchange); without one ../shared/data/deskdrop. Skips when it is not
 * there. Settings from the environment, as for a worker (KITH_BLEND ...). Cut
 * train on the first SHARE (0.8) of the events; a reader is asked for the posts
 * of his later events that he had not seen and that existed at the cut. Ranked:
 * all posts of the training part. Numbers  recall@20 = hits / posts to find,
 * NDCG@20 with binary gains, means over readers; `vs` is the mean paired
 * difference to collaborative_filtering_v1 and its standard error. Bands    by
 * posts in the reader's history at the cut; readers without any are asked too.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/hash.h"
#include "base/idmap.h"
#include "base/lines.h"
#include "base/mem.h"
#include "reco/content.h"
#include "reco/hybrid.h"
#include "reco/model_write.h"
#include "reco/similar.h"
#include "reco/trending.h"
#include "web/json.h"

#include "bench.h"

enum { CUT = 20, BANDS = 4, MS = 1000, HISTORY = 1000, JSON_MOST = 1 << 22 };

struct event {
    int64_t at_ms;
    uint32_t user, post;
    enum event_type type;
};

static struct event *events;
static size_t event_count, events_cap, train_count;
static struct idmap users, posts;
static struct config config;
static struct err err;
static int64_t cut_ms;
static int64_t *published_ms; /* of a post: its first event */
static bool has_texts;
static struct content_build content;
static struct similar similar;
static struct trending trending;
static struct matrix matrix;
static struct model model;
static struct reco_scratch scratch;
static uint8_t weight_of[2 * MASK_COUNT];
static char path[4096];

static void must(bool ok)
{
    if (ok)
        return;
    fprintf(stderr, "bench_hybrid: %s\n", err.what);
    exit(EXIT_FAILURE);
}

static struct uuid id_of(struct span text)
{
    struct uuid id;
    uint64_t half[2] = {hash64_seeded(text.at, text.bytes, 1),
                        hash64_seeded(text.at, text.bytes, 2)};

    memcpy(id.b, half, sizeof half);
    return id;
}

static bool type_of(struct span name, enum event_type *out)
{
    static const struct {
        const char *name;
        enum event_type type;
    } rows[] = {{"VIEW", EVENT_VIEW},
                {"LIKE", EVENT_LIKE},
                {"BOOKMARK", EVENT_LIKE},
                {"FOLLOW", EVENT_LIKE},
                {"COMMENT CREATED", EVENT_SHARE},
                {"comment", EVENT_CLICK},
                {"answer", EVENT_SHARE},
                {"favorite", EVENT_LIKE},
                {"ask", EVENT_SHARE},
                {"bounty", EVENT_LIKE}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (span_is(name, rows[i].name)) {
            *out = rows[i].type;
            return true;
        }
    return false;
}

static int64_t instant_of(struct span text)
{
    struct tm tm = {0};
    uint64_t seconds;
    char iso[32];

    if (span_u64(text, &seconds))
        return (int64_t)seconds * MS;
    snprintf(iso, sizeof iso, "%.19s", text.at);
    if (sscanf(iso, "%d-%d-%dT%d:%d:%d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
               &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6)
        return 0;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    return (int64_t)timegm(&tm) * MS;
}

static void add_event(struct span line, char mark, const int *order)
{
    struct span field[4];
    struct event e = {0};

    for (int i = 0; i < 4; i++)
        if (!span_cut(&line, mark, &field[i]))
            return;
    e.at_ms = instant_of(field[order[0]]);
    if (e.at_ms <= 0 || !type_of(field[order[1]], &e.type))
        return;
    must(idmap_add(&posts, id_of(field[order[2]]), &e.post, &err));
    must(idmap_add(&users, id_of(field[order[3]]), &e.user, &err));
    must(mem_grow(&events, &events_cap, event_count + 1, sizeof e, &err));
    events[event_count++] = e;
}

static bool read_events(const char *folder)
{
    static const int deskdrop[] = {0, 1, 2, 3}, exchange[] = {0, 3, 2, 1};
    struct lines l;
    struct span line;

    must(idmap_init(&users, 0, &err) && idmap_init(&posts, 0, &err));
    snprintf(path, sizeof path, "%s/users_interactions.csv.gz", folder);
    has_texts = access(path, R_OK) != 0;
    if (has_texts)
        snprintf(path, sizeof path, "%s/events.tsv.gz", folder);
    if (access(path, R_OK) != 0)
        return false;
    must(lines_open(&l, path, &err));
    while (lines_next(&l, &line))
        add_event(line, has_texts ? '\t' : ',',
                  has_texts ? exchange : deskdrop);
    lines_close(&l);
    must(!l.failed);
    return true;
}

static int by_time(const void *left, const void *right)
{
    const struct event *a = left, *b = right;

    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms ? -1 : 1;
    return (a->user > b->user) - (a->user < b->user);
}

/* Only posts seen in training exist; ids get the order of the model. */
static void make_matrix(double share, double until)
{
    struct weights weights = {1, 3, 7, 10, false};
    struct interactions in;
    uint32_t *user_rank, *post_rank;

    qsort(events, event_count, sizeof *events, by_time);
    train_count = (size_t)((double)event_count * share);
    event_count = (size_t)((double)event_count * until);
    cut_ms = events[train_count - 1].at_ms;
    must(mem_take(users.count, sizeof *user_rank, &user_rank, &err) &&
         mem_take(posts.count, sizeof *post_rank, &post_rank, &err));
    must(ids_sort(users.ids, users.count, user_rank, &err) &&
         ids_sort(posts.ids, posts.count, post_rank, &err));
    must(mem_take(posts.count, sizeof *published_ms, &published_ms, &err));
    weights_table(&weights, weight_of);
    interactions_init(&in);
    for (size_t i = 0; i < event_count; i++) {
        struct event *e = &events[i];
        e->user = user_rank[e->user];
        e->post = post_rank[e->post];
        if (!published_ms[e->post])
            published_ms[e->post] = e->at_ms;
        if (i < train_count)
            must(interactions_add(&in, e->user, e->post, e->type, e->at_ms,
                                  &err));
    }
    must(trending_build(&in, weight_of, posts.count, cut_ms,
                        (int64_t)config.trend_half_life_s * MS, &trending,
                        &err));
    must(interactions_fold(&in, &weights, users.count, posts.count, &matrix,
                           &err));
    must(trending_end(&trending, &matrix, &err));
    must(similar_build(&matrix, weight_of, config.similar_posts,
                       config.similar_shrink, &similar, &err));
}

static struct span text_of(const struct json *j, const char *key)
{
    struct span text = {0};

    must(json_find_text(j, key, &text, NULL, &err));
    return text;
}

/* posts.jsonl into the terms of every post of the model, in its order. */
static void read_texts(const char *folder)
{
    struct terms terms;
    char **kept;
    struct lines l;
    struct span line;

    must(mem_take(posts.count, sizeof *kept, &kept, &err));
    must(terms_init(&terms, config.language, &err));
    must(content_build_init(&content, &err));
    snprintf(path, sizeof path, "%s/posts.jsonl.gz", folder);
    must(!has_texts || lines_open(&l, path, &err));
    while (has_texts && lines_next(&l, &line)) {
        struct json j;
        int64_t number = 0;
        char digits[24];
        uint32_t post;
        must(json_parse(line, JSON_MOST, JSON_DEPTH, &j, &err) &&
             json_find_i64(&j, "post_id", 0, INT64_MAX, &number, NULL, &err));
        snprintf(digits, sizeof digits, "%lld", (long long)number);
        for (post = 0; post < posts.count; post++)
            if (uuid_equal(posts.ids[post], id_of(span_of(digits))))
                kept[post] = strndup(line.at, line.bytes);
        json_release(&j);
    }
    if (has_texts)
        lines_close(&l);
    for (uint32_t p = 0; p < posts.count; p++) {
        struct terms_text words = {0};
        struct span tags[16];
        struct json j = {0}, list;
        if (kept[p]) {
            must(json_parse(span_of(kept[p]), JSON_MOST, JSON_DEPTH, &j, &err));
            must(json_find_array(&j, "tags", &list, NULL, &err));
            words.title = text_of(&j, "title");
            words.body = text_of(&j, "body");
            for (size_t t = 0; t < json_count(&list) && t < 16; t++) {
                struct json tag = json_at(&list, t);
                must(json_text(&tag, &tags[words.tag_count++], &err));
            }
            words.tags = tags;
        }
        must(terms_make(&terms, &words, &err) &&
             content_build_add(&content, &terms, &err));
        if (kept[p])
            json_release(&j);
        free(kept[p]);
    }
    terms_release(&terms);
    mem_give(kept);
}

static bool sections(void *arg, struct model_extra *out, struct err *e)
{
    (void)arg;
    if (!content_build_end(&content, out, e))
        return false;
    similar_sections(&similar, out + MODEL_CONTENT_SECTIONS);
    trending_sections(&trending,
                      out + MODEL_CONTENT_SECTIONS + MODEL_ITEM_SECTIONS);
    return true;
}

static void open_model(void)
{
    struct model_source source = {
        .matrix = &matrix,
        .user_ids = users.ids,
        .post_ids = posts.ids,
        .post_published_ms = published_ms,
        .extras = sections,
        .extra_count =
            MODEL_CONTENT_SECTIONS + MODEL_ITEM_SECTIONS + MODEL_TREND_SECTIONS,
        .weights = {1, 3, 7, 10, false},
        .neighbours = config.neighbours,
        .built_at_ms = cut_ms,
        .trained_until_ms = cut_ms,
        .version = "bench",
    };

    snprintf(path, sizeof path, "/dev/shm/bench-hybrid-%d", (int)getpid());
    must(model_write(path, &source, &err));
    must(model_open(path, &model, &err));
    unlink(path);
    must(reco_scratch_init(&scratch, &model, &err));
}

/* ---- asking ---- */

struct quality {
    double recall, ndcg;
};

static struct quality judge(const uint32_t *list, uint32_t count,
                            const uint8_t *wanted, uint32_t want)
{
    struct quality q = {0};
    double ideal = 0;

    for (uint32_t i = 0; i < count && i < CUT; i++)
        if (wanted[list[i]]) {
            q.recall += 1;
            q.ndcg += 1 / log2(i + 2);
        }
    for (uint32_t i = 0; i < want && i < CUT; i++)
        ideal += 1 / log2(i + 2);
    q.recall /= want;
    q.ndcg /= ideal;
    return q;
}

struct sums {
    double readers, recall[2], ndcg[2], gain, gain_squares, us[2];
};

static void add_sums(struct sums *s, const struct quality q[2],
                     const int64_t us[2])
{
    double gain = q[1].ndcg - q[0].ndcg;

    s->readers++;
    s->gain += gain;
    s->gain_squares += gain * gain;
    for (int a = 0; a < 2; a++) {
        s->recall[a] += q[a].recall;
        s->ndcg[a] += q[a].ndcg;
        s->us[a] += (double)us[a];
    }
}

static void print_sums(const char *name, const struct sums *s)
{
    double n = s->readers, mean = s->gain / n;
    double error = sqrt((s->gain_squares / n - mean * mean) / (n - 1));

    if (n < 2)
        return;
    printf("%-8s %5.0f  recall@20 %.4f %.4f  ndcg@20 %.4f %.4f  vs %+.4f "
           "+-%.4f  us %5.0f %5.0f\n",
           name, n, s->recall[0] / n, s->recall[1] / n, s->ndcg[0] / n,
           s->ndcg[1] / n, mean, error, s->us[0] / n, s->us[1] / n);
}

/* All readers together. */
static void report(const struct sums *s)
{
    static const char *const other = "collaborative_filtering_v1";
    double n = s->readers;

    bench_figure_beside("hybrid.recall_20", s->recall[1] / n, "", other,
                        s->recall[0] / n);
    bench_figure_beside("hybrid.ndcg_20", s->ndcg[1] / n, "", other,
                        s->ndcg[0] / n);
    bench_figure_beside("hybrid.request.mean", s->us[1] / n, "us", other,
                        s->us[0] / n);
}

static uint32_t band_of(uint32_t history)
{
    return history == 0 ? 0 : history < 5 ? 1 : history < 20 ? 2 : 3;
}

static struct hybrid *hybrid;
static struct hybrid_settings settings;
static struct profile profile;
static struct reader reader;
static struct recommendation picked;

static void ask(uint32_t user, struct history_event *history, uint32_t count,
                uint32_t *lists[2], uint32_t counts[2], int64_t us[2])
{
    int64_t start_us = clock_mono_us();

    profile_make(&profile, &model, history, count);
    must(
        reader_make(&reader, &model, &profile, users.ids[user], NULL, 0, &err));
    must(recommend(&reader, &scratch, 0, CUT, &picked, &err));
    counts[0] = picked.count;
    for (uint32_t i = 0; i < picked.count; i++)
        lists[0][i] = picked.posts[i].post;
    us[0] = clock_mono_us() - start_us;
    start_us = clock_mono_us();
    hybrid_taste(hybrid, &profile, &model, history, count, NULL, 0, cut_ms,
                 settings.half_life_ms);
    must(hybrid_rank(hybrid, &reader, &scratch, &settings, &err));
    hybrid_forget(hybrid);
    us[1] = clock_mono_us() - start_us;
    counts[1] = hybrid->blend.count < CUT ? hybrid->blend.count : CUT;
    for (uint32_t i = 0; i < counts[1]; i++)
        lists[1][i] = hybrid->blend.posts[i].post;
}

/* Events of one user, all of them, oldest first. */
static bool ask_user(uint32_t user, const struct event *of, size_t count,
                     struct sums *out)
{
    static uint8_t *wanted, *seen;
    struct history_event history[HISTORY];
    uint32_t first[CUT], second[CUT], *lists[2] = {first, second}, counts[2];
    uint32_t want = 0, have = 0;
    struct quality q[2];
    int64_t us[2];

    if (!wanted)
        must(mem_take(posts.count, 1, &wanted, &err) &&
             mem_take(posts.count, 1, &seen, &err));
    memset(wanted, 0, posts.count);
    memset(seen, 0, posts.count);
    for (size_t i = count; i-- > 0;)
        if (of[i].at_ms <= cut_ms) {
            seen[of[i].post] = 1;
            if (have < HISTORY)
                history[have++] = (struct history_event){
                    posts.ids[of[i].post], of[i].at_ms, of[i].type};
        }
    for (size_t i = 0; i < count; i++)
        if (of[i].at_ms > cut_ms && !seen[of[i].post] &&
            matrix_post_row(&matrix, of[i].post).count) {
            want += !wanted[of[i].post];
            wanted[of[i].post] = 1;
        }
    if (!want)
        return false;
    ask(user, history, have, lists, counts, us);
    for (int a = 0; a < 2; a++)
        q[a] = judge(lists[a], counts[a], wanted, want);
    add_sums(&out[band_of(hybrid->history)], q, us);
    add_sums(&out[BANDS], q, us);
    return true;
}

static int by_user(const void *left, const void *right)
{
    const struct event *a = left, *b = right;

    if (a->user != b->user)
        return a->user < b->user ? -1 : 1;
    return (a->at_ms > b->at_ms) - (a->at_ms < b->at_ms);
}

static void ask_all(void)
{
    static const char *const names[] = {"none", "1-4", "5-19", "20-", "all"};
    struct sums out[BANDS + 1] = {{0}};

    settings = (struct hybrid_settings){
        .query_terms = config.query_terms,
        .half_life_ms = (int64_t)config.taste_half_life_s * MS,
        .post_half_life_ms = (int64_t)config.post_half_life_s * MS,
        .now_ms = cut_ms};
    must(blend_table_read(config.blend, &settings.blend, &err));
    must(mem_take(1, sizeof *hybrid, &hybrid, &err) &&
         hybrid_init(hybrid, &model, &err) &&
         profile_init(&profile, HISTORY, &err));
    qsort(events, event_count, sizeof *events, by_user);
    for (size_t from = 0, end; from < event_count; from = end) {
        for (end = from;
             end < event_count && events[end].user == events[from].user;)
            end++;
        ask_user(events[from].user, events + from, end - from, out);
    }
    for (int b = 0; b <= BANDS; b++)
        print_sums(names[b], &out[b]);
    report(&out[BANDS]);
}

int main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : "../shared/data/deskdrop";

    must(config_load(&config, &err));
    if (!read_events(folder)) {
        printf("bench_hybrid: skipped, no data in %s\n", folder);
        return EXIT_SUCCESS;
    }
    make_matrix(argc > 2 ? strtod(argv[2], NULL) : .8,
                argc > 3 ? strtod(argv[3], NULL) : 1);
    read_texts(folder);
    open_model();
    printf("%s: %zu events, blend %s\n"
           "readers by posts in history: collaborative_filtering_v1, "
           "hybrid_v2\n",
           folder, event_count, config.blend);
    ask_all();
    model_close(&model);
    return EXIT_SUCCESS;
}
