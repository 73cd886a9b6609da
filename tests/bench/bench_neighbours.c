/*
 * Time of a whole request, history rows to 50 posts, and memory a pair.
 *
 *     bench_neighbours [CASE] [--data FOLDER] [--mix NAME]... [options]
 *
 * CASE        gowalla (default), ml20m (1.5 GB of memory), 1m (8 GB); with
 *             --data the training pairs of a folder (train.txt[.gz]) instead
 *             of generated ones: --data ../shared/data/gowalla
 * --mix       types of the pairs: binary, 60/20/12/8 or 90/8/1.5/.5
 *             (views/clicks/likes/shares); default: the first two
 * --neighbours K  (100)     --posts N (50)     --requests N (2000)
 * --history N the newest N posts of a reader count (20000)
 * --passes N  each request's time is the least of N passes (3)
 * --plain     once more without the index of readers, for the ratio
 * --newest N  the index holds only the N newest readers of a post
 * --lists N   also the lists of N users (0: all) as the nightly job makes them,
 *             by one thread and by --threads N (2)
 * --model FILE  takes this model, or makes the case's and leaves it there
 * --kernel NAME  this one only: plain, avx2, avx512; default: the best
 * --json      lines {"name":..,"value":..,"unit":..} instead of a table
 * --write FILE  the pairs: u32 triples (user, post, weight in tenths), little-
 *             endian; the first triple is (users, posts, pairs)
 * --dump FILE the neighbours of every request: a line "user neighbour:dot
 *             neighbour:dot ...", best first
 * --no-time   only write and dump
 *
 * Times are those of the thread's CPU; "request wall" is what a clock shows.
 * Data are seeded: see support/curve_data.h. Requests are users drawn with
 * repetition (seed 2), their own row of the model being the history.
 */
#include <time.h>

#include "lists.h"
#include "neighbours_options.h"

static struct neighbours_plan plan;
static struct fixture f;
static struct recommendation answer;
static struct history_event events[HISTORY_MOST];
static uint32_t *asked; /* [requests] users */
static char title[96];

/* ---- numbers out ---- */

static void print_number(const char *name, double value, const char *unit)
{
    if (plan.json)
        printf("{\"name\":\"%s %s\",\"value\":%.6g,\"unit\":\"%s\"}\n", title,
               name, value, unit);
    else
        printf("  %-34s %12.2f %s\n", name, value, unit);
}

/* What is asked of a case; 0: nothing. */
struct target {
    const char *curve, *mix, *name;
    double us;
    uint32_t newest; /* readers of a post in the index, 0: all */
};

/* clang-format off */
static const struct target targets[] = {
    {"gowalla", NULL,         "request p50",    50, 0},
    {"gowalla", NULL,         "request p99",   150, 0},
    {"ml20m",   "binary",     "request mean",  400, 0},
    {"ml20m",   "binary",     "request p99",  1500, 0},
    {"ml20m",   "60/20/12/8", "request mean",  800, 0},
    {"ml20m",   "60/20/12/8", "request p99",  4000, 0},
    {"1m",      NULL,         "request mean", 2000, 0},
    {"1m",      NULL,         "request p99",   500, 500},
};
/* clang-format on */

static double target_of(const struct mix *mix, const char *name)
{
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        if (targets[i].newest == plan.newest &&
            !strcmp(targets[i].curve, plan.curve->name) &&
            !strcmp(targets[i].name, name) &&
            (!targets[i].mix || !strcmp(targets[i].mix, mix->name)))
            return targets[i].us;
    return 0;
}

static void print_time(const struct mix *mix, const char *name, double us)
{
    double most = target_of(mix, name);
    char verdict[64];

    if (plan.json || most <= 0) {
        print_number(name, us, "us");
        return;
    }
    snprintf(verdict, sizeof verdict, "us   target %.0f: %s", most,
             us <= most ? "met" : "MISSED");
    print_number(name, us, verdict);
}

static int shorter_first(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double print_times(const struct mix *mix, const char *what, double *us)
{
    static const struct {
        const char *name;
        uint32_t percent;
    } cuts[] = {{"p50", 50}, {"p95", 95}, {"p99", 99}};
    enum { WHOLE = 100, NAME_BYTES = 64 };
    char name[NAME_BYTES];
    double mean = 0;

    for (uint32_t i = 0; i < plan.requests; i++)
        mean += us[i] / plan.requests;
    qsort(us, plan.requests, sizeof *us, shorter_first);
    snprintf(name, sizeof name, "%s mean", what);
    print_time(mix, name, mean);
    for (size_t c = 0; c < sizeof cuts / sizeof *cuts; c++) {
        snprintf(name, sizeof name, "%s %s", what, cuts[c].name);
        print_time(mix, name,
                   us[(uint64_t)plan.requests * cuts[c].percent / WHOLE]);
    }
    return mean;
}

/* ---- requests ---- */

static double clock_us(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

static double now_us(void)
{
    return clock_us(CLOCK_MONOTONIC);
}

static double busy_us(void)
{
    return clock_us(CLOCK_THREAD_CPUTIME_ID);
}

/* A user's own row as the rows of his history. */
static uint32_t make_history(uint32_t user)
{
    struct row row = model_user_row(&f.model, user);
    uint32_t count = 0;

    for (uint32_t i = 0; i < row.count && count < plan.history; i++)
        for (enum event_type t = EVENT_VIEW; t <= EVENT_SHARE; t++)
            if (pair_mask(row.pairs[i]) >> t & 1 && count < plan.history)
                events[count++] = (struct history_event){
                    .post = fixture_post(pair_ordinal(row.pairs[i])),
                    .type = t};
    return count;
}

enum stage { REQUEST, PROFILE, NEIGHBOURS, POSTS, WALL, EXPLAIN, STAGES };

static const char *const stage_names[] = {
    [REQUEST] = "request",         [PROFILE] = "- profile",
    [NEIGHBOURS] = "- neighbours", [POSTS] = "- posts",
    [WALL] = "request wall",       [EXPLAIN] = "explain"};

static void ask(const struct model *model, uint32_t user, struct profile *p,
                double us[STAGES])
{
    static struct reader reader;
    static struct reasons reasons[RECOMMEND_MOST];
    uint32_t posts[RECOMMEND_MOST], count = make_history(user);
    struct err err;
    double at[STAGES], wall;

    wall = now_us();
    at[0] = busy_us();
    profile_make(p, model, events, count);
    fixture_must(
        reader_make(&reader, model, p, fixture_user(user), NULL, 0, &err),
        &err);
    at[1] = busy_us();
    fixture_must(recommend(&reader, &f.scratch, plan.neighbours, plan.posts,
                           &answer, &err),
                 &err);
    at[2] = busy_us();
    wall = now_us() - wall;
    for (uint32_t i = 0; i < answer.count; i++)
        posts[i] = answer.posts[i].post;
    fixture_must(recommend_explain(&reader, &f.scratch, &answer, posts,
                                   answer.count, reasons, &err),
                 &err);
    at[3] = busy_us();
    us[WALL] = wall;
    us[REQUEST] = at[2] - at[0];
    us[PROFILE] = at[1] - at[0];
    us[EXPLAIN] = at[3] - at[2];
}

/* The search alone. In a round of its own: right behind the same reader's
 * request it would find in near caches what that one had to fetch. */
static double search(const struct model *model, uint32_t user,
                     struct profile *p)
{
    static struct neighbour alone[NEIGHBOURS_MOST];
    double from;

    profile_make(p, model, events, make_history(user));
    from = busy_us();
    neighbours_find(model, &f.scratch, p, user, plan.neighbours, alone);
    return busy_us() - from;
}

static void keep_least(double *us, uint32_t pass, double one)
{
    if (!pass || one < *us)
        *us = one;
}

/* us[stage][request]: the least of all passes. */
static void time_requests(const struct model *model, struct profile *p,
                          double *us[STAGES])
{
    for (uint32_t pass = 0; pass < plan.passes; pass++) {
        for (uint32_t i = 0; i < plan.requests; i++) {
            double one[STAGES] = {0};
            ask(model, asked[i], p, one);
            for (int s = 0; s < STAGES; s++)
                if (s != NEIGHBOURS)
                    keep_least(&us[s][i], pass, one[s]);
        }
        for (uint32_t i = 0; i < plan.requests; i++)
            keep_least(&us[NEIGHBOURS][i], pass, search(model, asked[i], p));
    }
    for (uint32_t i = 0; i < plan.requests; i++)
        us[POSTS][i] = us[REQUEST][i] - us[PROFILE][i] - us[NEIGHBOURS][i];
}

static void measure(const struct mix *mix)
{
    double *us[STAGES];
    struct profile p;
    struct err err;

    fixture_must(profile_init(&p, HISTORY_MOST, &err), &err);
    for (int s = 0; s < STAGES; s++)
        fixture_must(mem_take(plan.requests, sizeof(double), &us[s], &err),
                     &err);
    time_requests(&f.model, &p, us);
    for (int s = 0; s < STAGES; s++) {
        print_times(mix, stage_names[s], us[s]);
        mem_give(us[s]);
    }
    profile_release(&p);
}

static void measure_kernels(const struct mix *mix)
{
    for (unsigned i = 0; kernel_at(i); i++) {
        const struct kernel *kernel = kernel_at(i);
        bool wanted = plan.kernel ? !strcmp(plan.kernel, kernel->name)
                                  : kernel == kernel_best();
        if (!wanted)
            continue;
        f.scratch.kernel = kernel;
        snprintf(title, sizeof title, "%s %s %s", plan.curve->name, mix->name,
                 kernel->name);
        if (!plan.json)
            printf("%s\n", title);
        measure(mix);
    }
}

static void measure_plain(const struct mix *mix)
{
    const struct model_index *index = f.model.index;

    f.model.index = NULL;
    snprintf(title, sizeof title, "%s %s without-index", plan.curve->name,
             mix->name);
    if (!plan.json)
        printf("%s\n", title);
    measure(mix);
    f.model.index = index;
}

static struct lists_times time_lists(uint32_t threads)
{
    uint32_t users = plan.list_users ? plan.list_users : f.user_count;
    struct lists_plan how = {.users =
                                 users < f.user_count ? users : f.user_count,
                             .threads = threads,
                             .neighbours = plan.neighbours,
                             .posts = plan.posts};
    struct lists_times took = lists_time(&f.model, &how);
    double all = (double)f.user_count / how.users;

    /* What is made once is not made more often for more users. */
    took.search_us *= all;
    took.busy_us = (took.busy_us - took.made_us) * all + took.made_us;
    took.wall_us = (took.wall_us - took.made_us) * all + took.made_us;
    return took;
}

static void measure_lists(const struct mix *mix)
{
    struct lists_times one = time_lists(1), more;
    char name[64];

    snprintf(title, sizeof title, "%s %s lists", plan.curve->name, mix->name);
    if (!plan.json)
        printf("%s\n", title);
    print_number("CPU a user", one.busy_us / f.user_count, "us");
    print_number("- neighbours", one.search_us / f.user_count, "us");
    print_number("CPU of all users", one.busy_us * 1e-6, "s");
    print_number("wall of all users", one.wall_us * 1e-6, "s");
    if (plan.threads < 2)
        return;
    more = time_lists(plan.threads);
    snprintf(name, sizeof name, "wall of all users by %u threads",
             plan.threads);
    print_number(name, more.wall_us * 1e-6, "s");
    snprintf(name, sizeof name, "one thread by %u threads", plan.threads);
    print_number(name, one.wall_us / more.wall_us, "x");
}

/* ---- files for others ---- */

static FILE *file_made(const char *path)
{
    FILE *file = fopen(path, "wb");

    if (!file) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    return file;
}

static void file_ended(FILE *file, const char *path)
{
    if (fclose(file)) {
        perror(path);
        exit(EXIT_FAILURE);
    }
}

static void write_pairs(const char *path)
{
    FILE *file = file_made(path);
    uint32_t head[] = {f.user_count, f.post_count, f.model.meta->pair_count};

    fwrite(head, sizeof head, 1, file);
    for (uint32_t u = 0; u < f.user_count; u++) {
        struct row row = model_user_row(&f.model, u);
        for (uint32_t i = 0; i < row.count; i++) {
            uint32_t one[] = {u, pair_ordinal(row.pairs[i]),
                              f.model.weight_of[pair_mask(row.pairs[i])]};
            fwrite(one, sizeof one, 1, file);
        }
    }
    file_ended(file, path);
}

static void dump_neighbours(const char *path)
{
    static struct neighbour found[NEIGHBOURS_MOST];
    FILE *file = file_made(path);
    struct profile p;
    struct err err;

    fixture_must(profile_init(&p, HISTORY_MOST, &err), &err);
    for (uint32_t i = 0; i < plan.requests; i++) {
        uint32_t count;
        profile_make(&p, &f.model, events, make_history(asked[i]));
        count = neighbours_find(&f.model, &f.scratch, &p, asked[i],
                                plan.neighbours, found);
        fprintf(file, "%u", asked[i]);
        for (uint32_t n = 0; n < count; n++)
            fprintf(file, " %u:%u", found[n].user, found[n].dot);
        fputc('\n', file);
    }
    profile_release(&p);
    file_ended(file, path);
}

/* ---- a case ---- */

/* Bytes of the sections first .. end - 1. */
static double bytes_of(uint32_t first, uint32_t end)
{
    const struct model_head *head = (const void *)f.model.bytes;
    const struct model_section *table = (const void *)(head + 1);
    double bytes = 0;

    for (uint32_t i = 0; i < head->section_count; i++)
        if (table[i].id >= first && table[i].id < end)
            bytes += (double)table[i].bytes;
    return bytes;
}

static double bytes_at(uint32_t id)
{
    return bytes_of(id, id + 1);
}

/* What the file is made of; texts are the fixture's. */
static void print_bytes(void)
{
    double pairs = f.model.meta->pair_count, size = (double)f.model.size;
    double texts = bytes_at(MODEL_POST_TEXT);
    double posts = bytes_of(MODEL_POST_IDS, MODEL_REQUIRED_END) -
                   bytes_at(MODEL_POST_USERS) - texts;
    double index = bytes_of(MODEL_INDEX_META, MODEL_INDEX_END);
    double places = bytes_at(MODEL_INDEX_USERS) + bytes_at(MODEL_INDEX_SCALES);
    double rows = bytes_at(MODEL_INDEX_POSTS) + bytes_at(MODEL_INDEX_ROWS);

    print_number("model file", size * 1e-6, "MB");
    print_number("model file a pair, without posts",
                 (size - posts - texts) / pairs, "bytes");
    print_number("- both matrices, a pair",
                 (bytes_at(MODEL_USER_POSTS) + bytes_at(MODEL_POST_USERS)) /
                     pairs,
                 "bytes");
    print_number("- index, a pair", (index - places) / pairs, "bytes");
    print_number("- - its rows, a post", rows / f.post_count, "bytes");
    print_number("- a reader",
                 (bytes_of(MODEL_USER_IDS, MODEL_POST_IDS) -
                  bytes_at(MODEL_USER_POSTS) + places) /
                     f.user_count,
                 "bytes");
    print_number("a post", posts / f.post_count, "bytes");
    print_number("text of a post", texts / f.post_count, "bytes");
}

static void print_size(double made_us)
{
    double from = now_us(), updates = 0;
    struct err err;
    uint32_t largest = 0;

    fixture_must(model_check(f.model.bytes, f.model.size, &err), &err);
    from = now_us() - from;
    for (uint32_t p = 0; p < f.post_count; p++) {
        uint32_t users = model_post_row(&f.model, p).count;
        largest = users > largest ? users : largest;
        updates += (double)users * users / f.user_count;
    }
    print_number("users", f.user_count, "");
    print_number("posts", f.post_count, "");
    print_number("pairs", f.model.meta->pair_count, "");
    print_number("largest post", largest, "readers");
    print_number("pairs met by a request", updates, "");
    print_bytes();
    print_number("made in", made_us * 1e-6, "s");
    print_number("checked in", from * 1e-3, "ms");
}

static void draw_requests(void)
{
    struct rng rng = rng_of(2);
    struct err err;

    fixture_must(mem_take(plan.requests, sizeof *asked, &asked, &err), &err);
    for (uint32_t i = 0; i < plan.requests; i++)
        asked[i] = rng_below(&rng, f.user_count);
}

/* The model of the case, or the one that an earlier run left. */
static void make_model(const struct mix *mix)
{
    struct err err;

    if (plan.model && !access(plan.model, R_OK)) {
        fixture_must(model_open(plan.model, &f.model, &err), &err);
        fixture_must(reco_scratch_init(&f.scratch, &f.model, &err), &err);
        f.user_count = f.model.user_count;
        f.post_count = f.model.post_count;
        return;
    }
    if (plan.data)
        lightgcn_make(&f, plan.data, mix);
    else
        curve_make(&f, plan.curve, mix);
    f.index.readers_most = plan.newest;
    fixture_open(&f);
    if (plan.model && link(f.path, plan.model)) {
        perror(plan.model);
        exit(EXIT_FAILURE);
    }
}

static void run(const struct mix *mix)
{
    double from = now_us();

    snprintf(title, sizeof title, "%s %s", plan.curve->name, mix->name);
    if (!plan.json)
        printf("%s%s%s\n", title, plan.data ? " from " : "",
               plan.data ? plan.data : "");
    make_model(mix);
    print_size(now_us() - from);
    draw_requests();
    if (plan.write)
        write_pairs(plan.write);
    if (plan.dump)
        dump_neighbours(plan.dump);
    if (!plan.no_time)
        measure_kernels(mix);
    if (plan.plain)
        measure_plain(mix);
    if (plan.lists)
        measure_lists(mix);
    mem_give(asked);
    fixture_close(&f);
}

int main(int argc, char **argv)
{
    plan = neighbours_options(argc, argv);
    for (int i = 0; i < MIXES; i++)
        if (plan.mixes[i])
            run(&mix_all[i]);
    return EXIT_SUCCESS;
}
