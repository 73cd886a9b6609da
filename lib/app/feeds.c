#include "app/feeds.h"

#include "app/feed_served.h"
#include "app/feed_wire.h"
#include "app/identity.h"
#include "app/reply.h"
#include "base/clock.h"
#include "base/log.h"
#include "web/held.h"

enum { US_PER_MS = 1000, MS_PER_S = 1000 };

/* One request on its way through; also what crosses live_model_guarded(). */
struct feeds_call {
    struct app *app;
    const struct http_request *request;
    struct identity who;
    struct cursor cursor;
    struct span cursor_text; /* empty: first page */
    uint64_t excluded[FEED_EXCLUDE_MOST];
    struct held held;
    struct feed_ask ask;
    int64_t took_us;
};

static bool bad_query(struct feeds_call *c, const char *detail)
{
    reply_problem(&c->app->reply, c->request, PROBLEM_bad_query, detail);
    return false;
}

static bool read_limit(struct feeds_call *c)
{
    struct span text;
    struct err err;
    uint64_t want;
    bool found;

    c->ask.want = c->app->config.feed_items;
    if (!http_query_find(c->request->query, "limit", &c->app->arena, &text,
                         &found, &err))
        return bad_query(c, "the query cannot be read, or names limit twice");
    if (!found)
        return true;
    if (!span_u64(text, &want) || want < 1 || want > FEED_MOST)
        return bad_query(c, "limit is a whole number from 1 to 50");
    c->ask.want = (uint32_t)want;
    return true;
}

static bool read_kind(struct feeds_call *c, bool *found)
{
    struct span text;
    struct err err;

    c->ask.kind = CURSOR_FOR_YOU;
    if (!http_query_find(c->request->query, "feed", &c->app->arena, &text,
                         found, &err))
        return bad_query(c, "the query names feed twice");
    if (!*found || span_is(text, "for_you"))
        return true;
    c->ask.kind = CURSOR_LATEST;
    return span_is(text, "latest") || bad_query(c, "feed is for_you or latest");
}

static bool read_cursor(struct feeds_call *c, bool kind_given)
{
    struct app *app = c->app;
    struct span text;
    struct err err;
    bool found;

    if (!http_query_find(c->request->query, "cursor", &app->arena, &text,
                         &found, &err))
        return bad_query(c, "the query names cursor twice");
    if (!found)
        return true;
    if (cursor_check(&app->keys, c->who.user, text, c->request->received_at_ms,
                     (int64_t)app->config.cursor_life_s * MS_PER_S, &c->cursor,
                     &err) &&
        (!kind_given || c->cursor.feed == c->ask.kind)) {
        c->ask.cursor = &c->cursor;
        c->cursor_text = text;
        c->ask.kind = c->cursor.feed;
        return true;
    }
    reply_problem(
        &app->reply, c->request,
        c->cursor.expired ? PROBLEM_cursor_expired : PROBLEM_bad_cursor, NULL);
    return false;
}

static bool read_exclude(struct feeds_call *c)
{
    struct span text, one;
    struct uuid id;
    struct err err;
    bool found;

    c->ask.excluded = c->excluded;
    if (!http_query_find(c->request->query, "exclude", &c->app->arena, &text,
                         &found, &err))
        return bad_query(c, "the query names exclude twice");
    while (found && span_cut(&text, ',', &one)) {
        if (!uuid_find(one, &id) || c->ask.excluded_count == FEED_EXCLUDE_MOST)
            return bad_query(c, "exclude is a list of at most 100 post ids, "
                                "separated by commas");
        c->excluded[c->ask.excluded_count++] = uuid_key(id);
    }
    return true;
}

/* What he was given lately and has not told us to have seen. */
static void read_held(struct feeds_call *c)
{
    struct span text = {0};

    if (c->app->config.hold_s)
        (void)http_cookie_find(c->request->cookie, HELD_COOKIE, &text);
    held_open(&c->app->keys, c->who.user, text, c->request->received_at_ms,
              (int64_t)c->app->config.hold_s * MS_PER_S, &c->held);
    c->ask.held = c->held.keys;
    c->ask.held_count = c->held.count;
}

static void give_held(struct feeds_call *c)
{
    const struct config *config = &c->app->config;
    const struct feed *feed = &c->app->feed;
    struct buf text;

    if (!config->hold_s || c->ask.kind != CURSOR_FOR_YOU || !feed->count)
        return;
    for (uint32_t i = 0; i < feed->count; i++)
        held_add(&c->held, feed->slots[i].post, c->ask.now_ms);
    buf_init(&text, HELD_TEXT_MOST);
    held_sign(&c->app->keys, c->who.user, &c->held, c->ask.now_ms, &text);
    http_cookie_set_at(&c->app->reply, HELD_COOKIE, buf_view(&text),
                       "/api/feeds", config->hold_s, config->cookie_secure);
    buf_release(&text);
}

static void make_and_write(void *arg)
{
    struct feeds_call *c = arg;
    struct app *app = c->app;
    struct feed_wire wire = {
        .feed = &app->feed,
        .keys = &app->keys,
        .user = c->who.user,
        .request = c->request->request_id,
        .request_text = c->request->request_text,
        .now_ms = c->request->received_at_ms,
        .started_us = c->request->started_us,
    };

    feed_make(app->feeder, &c->ask, &app->feed);
    c->took_us = feed_wire_write(&app->reply.body, &wire);
}

/* One worker is one process: it has one log. */
static void keep(const struct feeds_call *c)
{
    static struct served log = {.fd = -1};
    struct served_answer answer = {
        .feeder = c->app->feeder,
        .ask = &c->ask,
        .feed = &c->app->feed,
        .keys = &c->app->keys,
        .request = c->request->request_id,
        .cursor = c->cursor_text,
        .took_us = c->took_us,
        .body = buf_view(&c->app->reply.body),
    };

    served_add(&log, &answer);
}

static void add_timing(struct feeds_call *c)
{
    struct buf value;

    buf_init(&value, LOG_LINE_BYTES);
    feed_wire_timing(&value, &c->app->feed,
                     clock_mono_us() - c->request->started_us);
    http_header(&c->app->reply, "Server-Timing", buf_view(&value));
    buf_release(&value);
}

static void log_feed(const struct feeds_call *c)
{
    const struct feed *feed = &c->app->feed;
    struct log_line line;

    log_begin(&line, LOG_INFO, "app", "feed");
    log_word(&line, "request", c->request->request_text);
    log_user(&line, c->who.user);
    log_word(&line, "source", feed->source);
    log_word(&line, "reason",
             feed->fallback_reason ? feed->fallback_reason : "-");
    log_i64(&line, "posts", feed->count);
    log_i64(&line, "history_us", feed->history_us);
    log_i64(&line, "neighbours_us", feed->neighbours_us);
    log_end(&line);
}

void feeds_get(struct app *app, const struct http_request *request)
{
    struct feeds_call c = {.app = app, .request = request};
    bool kind_given;

    if (!reply_method(&app->reply, request, app->config.origins, "GET, HEAD") ||
        !identity_find(&app->config, &app->keys, request, &app->reply,
                       &c.who) ||
        !read_limit(&c) || !read_kind(&c, &kind_given) ||
        !read_cursor(&c, kind_given) || !read_exclude(&c))
        return;
    if (c.ask.kind == CURSOR_FOR_YOU)
        read_held(&c);
    c.ask.user = c.who.user;
    c.ask.fresh = c.who.fresh;
    c.ask.declined = c.who.declined;
    c.ask.now_ms = request->received_at_ms;
    c.ask.until_us =
        request->started_us + (int64_t)app->config.feed_deadline_ms * US_PER_MS;
    http_header(&app->reply, "Cache-Control", SPAN("private, no-store"));
    if (!live_model_guarded(&app->feeder->live, make_and_write, &c)) {
        /* The model was cut short under us; it is dropped, so this is safe. */
        buf_reset(&app->reply.body);
        make_and_write(&c);
    }
    if (!c.who.declined) {
        keep(&c);
        give_held(&c);
    }
    add_timing(&c);
    log_feed(&c);
}
