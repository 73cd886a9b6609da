/*
 * Time of a whole request, history rows to 50 posts, and memory a pair.
 *
 *     bench_neighbours [gowalla | ml20m]
 *
 * Data are seeded and without tastes: users of log-normal degree meet posts
 * with a probability that falls with the rank r as exp(-slope * r^exponent).
 * The curve of ml20m is fitted to ML-20M; that of gowalla is a guess of the
 * right size (users, posts, pairs, largest post). A pair has one type: 60 %
 * views, 20 % clicks, 12 % likes, 8 % shares.
 */
#include <math.h>
#include <time.h>

#include "../support/model_fixture.h"

enum { REQUESTS = 2000, WANT = 50, HISTORY_MOST = 1000 };

struct curve {
    const char *name;
    uint32_t users, posts, pairs;
    uint32_t least_degree;
    double spread;          /* sigma of the log-normal degree */
    double slope, exponent; /* popularity of rank r: exp(-slope * r^exponent) */
    uint32_t neighbours;
};

static const struct curve curves[] = {
    /* Largest post about 1,300 users, median 12. */
    {"gowalla", 29858, 40981, 810128, 8, 0.75, 2.82, 0.10, 100},
    {"ml20m", 138493, 26744, 19990000, 20, 1.0, 0.1203, 0.445, 100},
};

static struct fixture f;
static struct recommendation answer;

/* Cumulative popularity, and the post of each rank. */
static double *cumulate(const struct curve *c)
{
    double *sum, total = 0;
    struct err err;

    fixture_must(mem_take(c->posts, sizeof *sum, &sum, &err), &err);
    for (uint32_t r = 0; r < c->posts; r++)
        sum[r] = total += exp(-c->slope * pow(r + 1, c->exponent));
    return sum;
}

static uint32_t draw_rank(const double *sum, uint32_t posts, struct rng *rng)
{
    double at = rng_unit(rng) * sum[posts - 1];
    uint32_t from = 0, count = posts;

    while (count > 0) {
        uint32_t half = count / 2;
        if (sum[from + half] < at) {
            from += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return from < posts ? from : posts - 1;
}

static double draw_normal(struct rng *rng)
{
    return sqrt(-2 * log(1 - rng_unit(rng))) * cos(2 * M_PI * rng_unit(rng));
}

static enum event_type draw_type(struct rng *rng)
{
    enum { PERCENT = 100, CLICKS = 60, LIKES = 80, SHARES = 92 };
    uint32_t at = rng_below(rng, PERCENT);

    return at < CLICKS   ? EVENT_VIEW
           : at < LIKES  ? EVENT_CLICK
           : at < SHARES ? EVENT_LIKE
                         : EVENT_SHARE;
}

/* A user's posts without repetition; marks[post] holds user + 1. */
static void make_user(const struct curve *c, uint32_t user, uint32_t degree,
                      const double *sum, uint32_t *marks,
                      const uint32_t *post_of, struct rng *rng)
{
    enum { TRIES = 8 };
    struct err err;

    for (uint32_t tries = degree * TRIES; degree && tries; tries--) {
        uint32_t post = post_of[draw_rank(sum, c->posts, rng)];
        enum event_type type = draw_type(rng);
        if (marks[post] == user + 1)
            continue;
        marks[post] = user + 1;
        degree--;
        fixture_must(interactions_add(&f.events, user, post, type, user, &err),
                     &err);
    }
}

static uint32_t *shuffled(uint32_t count, struct rng *rng)
{
    uint32_t *all;
    struct err err;

    fixture_must(mem_take(count, sizeof *all, &all, &err), &err);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t j = rng_below(rng, i + 1);
        all[i] = all[j];
        all[j] = i;
    }
    return all;
}

static void make_data(const struct curve *c)
{
    struct rng rng = rng_of(1);
    double mean = (double)c->pairs / c->users - c->least_degree;
    double middle = log(mean) - c->spread * c->spread / 2;
    double *sum = cumulate(c);
    uint32_t *post_of = shuffled(c->posts, &rng), *marks;
    struct err err;

    fixture_init(&f, c->users, c->posts);
    f.neighbours = c->neighbours;
    fixture_must(mem_take(c->posts, sizeof *marks, &marks, &err), &err);
    for (uint32_t u = 0; u < c->users; u++) {
        double extra = exp(middle + c->spread * draw_normal(&rng));
        uint32_t degree = c->least_degree + (uint32_t)extra;
        uint32_t most = c->posts / 3;
        make_user(c, u, degree < most ? degree : most, sum, marks, post_of,
                  &rng);
    }
    fixture_open(&f);
    mem_give(marks);
    mem_give(post_of);
    mem_give(sum);
}

/* A user's own row as the rows of his history. */
static uint32_t make_history(uint32_t user, struct history_event *events)
{
    struct row row = model_user_row(&f.model, user);
    uint32_t count = 0;

    for (uint32_t i = 0; i < row.count && count < HISTORY_MOST; i++)
        for (enum event_type t = EVENT_VIEW; t <= EVENT_SHARE; t++)
            if (pair_mask(row.pairs[i]) >> t & 1 && count < HISTORY_MOST)
                events[count++] = (struct history_event){
                    .post = fixture_post(pair_ordinal(row.pairs[i])),
                    .type = t};
    return count;
}

static int shorter_first(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void print_times(const char *what, double *us, uint32_t count)
{
    enum { P50 = 50, P90 = 90, P99 = 99, WHOLE = 100 };
    double sum = 0;

    for (uint32_t i = 0; i < count; i++)
        sum += us[i];
    qsort(us, count, sizeof *us, shorter_first);
    printf("  %-12s p50 %7.1f  p90 %7.1f  p99 %7.1f  max %7.1f  mean %7.1f "
           "us\n",
           what, us[count * P50 / WHOLE], us[count * P90 / WHOLE],
           us[count * P99 / WHOLE], us[count - 1], sum / count);
}

static double now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

enum stage { PROFILE, NEIGHBOURS, RECOMMEND, EXPLAIN, STAGES };

static void ask(uint32_t user, struct profile *p, double us[STAGES])
{
    static struct history_event events[HISTORY_MOST];
    static struct reader reader;
    static struct neighbour alone[NEIGHBOURS_MOST];
    static struct reasons reasons[WANT];
    uint32_t posts[WANT], count = make_history(user, events);
    struct err err;
    double at[STAGES + 2];

    at[0] = now_us();
    profile_make(p, &f.model, events, count);
    fixture_must(
        reader_make(&reader, &f.model, p, fixture_user(user), NULL, 0, &err),
        &err);
    at[1] = now_us();
    fixture_must(recommend(&reader, &f.scratch, 0, WANT, &answer, &err), &err);
    at[2] = now_us();
    for (uint32_t i = 0; i < answer.count; i++)
        posts[i] = answer.posts[i].post;
    fixture_must(recommend_explain(&reader, &f.scratch, &answer, posts,
                                   answer.count, reasons, &err),
                 &err);
    at[3] = now_us();
    neighbours_find(&f.model, &f.scratch, p, reader.self, f.neighbours, alone);
    at[4] = now_us();
    us[PROFILE] = at[1] - at[0];
    us[RECOMMEND] = at[2] - at[0]; /* the whole request */
    us[EXPLAIN] = at[3] - at[2];
    us[NEIGHBOURS] = at[4] - at[3];
}

static void measure(const char *name)
{
    static double us[STAGES][REQUESTS];
    struct profile p;
    struct rng rng = rng_of(2);
    struct err err;

    fixture_must(profile_init(&p, HISTORY_MOST, &err), &err);
    for (int round = 0; round < 2; round++) /* the first one warms up */
        for (uint32_t i = 0; i < REQUESTS; i++) {
            double one[STAGES];
            ask(rng_below(&rng, f.user_count), &p, one);
            for (int s = 0; s < STAGES; s++)
                us[s][i] = one[s];
        }
    printf("%s, kernel %s\n", name, f.scratch.kernel->name);
    print_times("request", us[RECOMMEND], REQUESTS);
    print_times("- profile", us[PROFILE], REQUESTS);
    print_times("- neighbours", us[NEIGHBOURS], REQUESTS);
    print_times("explain 50", us[EXPLAIN], REQUESTS);
    profile_release(&p);
}

static uint64_t updates_mean(void)
{
    uint64_t updates = 0;

    for (uint32_t p = 0; p < f.post_count; p++) {
        uint64_t users = model_post_row(&f.model, p).count;
        updates += users * users;
    }
    return updates / f.user_count;
}

static void run(const struct curve *c)
{
    double from = now_us(), made, checked;
    struct err err;
    uint32_t largest = 0;

    make_data(c);
    made = now_us();
    fixture_must(model_check(f.model.bytes, f.model.size, &err), &err);
    checked = now_us();
    for (uint32_t p = 0; p < f.post_count; p++)
        if (model_post_row(&f.model, p).count > largest)
            largest = model_post_row(&f.model, p).count;
    printf("%s: %u users, %u posts, %u pairs, largest post %u, %lu updates a "
           "request\n",
           c->name, f.user_count, f.post_count, f.model.meta->pair_count,
           largest, (unsigned long)updates_mean());
    printf("  file %.1f MB, %.2f bytes a pair; made in %.1f s, checked in "
           "%.0f ms\n",
           (double)f.model.size * 1e-6,
           (double)f.model.size / f.model.meta->pair_count,
           (made - from) * 1e-6, (checked - made) * 1e-3);
    for (unsigned i = 0; kernel_at(i); i++) {
        f.scratch.kernel = kernel_at(i);
        measure(c->name);
    }
    fixture_close(&f);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "gowalla";

    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++)
        if (!strcmp(name, curves[i].name)) {
            run(&curves[i]);
            return EXIT_SUCCESS;
        }
    fprintf(stderr, "usage: bench_neighbours [gowalla | ml20m]\n");
    return EXIT_FAILURE;
}
