#include "app/plain.h"

#include <time.h>

#include "app/feeds.h"
#include "base/log.h"
#include "web/json.h"

enum { MS_PER_S = 1000, PAGE_MOST_BYTES = 16 << 20, DATE_BYTES = 32 };

#define PLAIN_PATH "/plain"

static const char head[] =
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<title>kith: your feed</title>\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\">\n"
    "<link rel=\"stylesheet\" href=\"/style.css\">\n</head>\n<body>\n"
    "<a class=\"skip\" href=\"#main\">Skip to the feed</a>\n"
    "<header class=\"top\"><div class=\"bar\">"
    "<a class=\"mark\" href=\"" PLAIN_PATH "\"><img class=\"icon\" "
    "src=\"/favicon.svg\" alt=\"\"><span>kith</span></a>"
    "<nav class=\"tabs\" aria-label=\"Feeds\">";
static const char foot[] = "</main>\n</div>\n</body>\n</html>\n";

/* What a rung says for itself when there is no reason with titles. */
static const char *const words[][2] = {
    {"neighbours", "Popular with readers like you"},
    {"item_model", "Goes with what you read"},
    {"content", "On a subject you read about"},
    {"precomputed", "Picked for you earlier today"},
    {"trending", "Popular right now"},
    {"explore", "Something new for you to try"},
    {"random", "Random pick"},
    {"latest", "New"},
};

/* ---- pieces ---- */

static void add_text(struct buf *out, struct span text)
{
    for (size_t i = 0; i < text.bytes; i++)
        switch (text.at[i]) {
        case '&':
            buf_text(out, "&amp;");
            break;
        case '<':
            buf_text(out, "&lt;");
            break;
        case '>':
            buf_text(out, "&gt;");
            break;
        case '"':
            buf_text(out, "&quot;");
            break;
        default:
            buf_char(out, text.at[i]);
        }
}

/* Empty when absent. */
static struct span text_of(const struct json *object, const char *key)
{
    struct span text = {NULL, 0};
    struct err err;
    bool found;

    if (!json_find_text(object, key, &text, &found, &err) || !found)
        return (struct span){NULL, 0};
    return text;
}

static bool starts(struct span text, const char *with)
{
    size_t bytes = strlen(with);

    return text.bytes >= bytes && !memcmp(text.at, with, bytes);
}

/* "//host" would leave this site without saying so. */
static bool is_web(struct span url)
{
    return starts(url, "https://") || starts(url, "http://") ||
           (starts(url, "/") && !starts(url, "//"));
}

static void add_element(struct buf *out, const char *open, struct span text,
                        const char *close)
{
    buf_text(out, open);
    add_text(out, text);
    buf_text(out, close);
}

/* ---- a post ---- */

static void add_why(struct buf *out, const struct json *post)
{
    struct span rung = text_of(post, "source"), title;
    struct json reasons, first, titles;
    struct err err;
    bool found;

    buf_text(out, "<p class=\"why\">");
    if (json_find_array(post, "reasons", &reasons, &found, &err) && found &&
        json_count(&reasons)) {
        first = json_at(&reasons, 0);
        if (json_find_array(&first, "titles", &titles, &found, &err) && found &&
            json_count(&titles)) {
            titles = json_at(&titles, 0);
            if (json_text(&titles, &title, &err)) {
                add_element(out, "Because you read “", title, "”</p>\n");
                return;
            }
        }
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (span_is(rung, words[i][0]))
            buf_text(out, words[i][1]);
    buf_text(out, "</p>\n");
}

static void add_title(struct buf *out, const struct json *post)
{
    struct span url = text_of(post, "url");

    buf_text(out, "<h2 class=\"title\">");
    if (is_web(url))
        add_element(out, "<a rel=\"noopener\" href=\"", url, "\">");
    add_text(out, text_of(post, "title"));
    buf_text(out, is_web(url) ? "</a></h2>\n" : "</h2>\n");
}

static void add_byline(struct buf *out, const struct json *post)
{
    char date[DATE_BYTES] = "";
    struct json author;
    struct err err;
    struct tm tm;
    int64_t at_ms = 0;
    time_t at_s;
    bool found;

    buf_text(out, "<p class=\"byline\">");
    if (json_find_object(post, "author", &author, &found, &err) && found) {
        add_element(out, "<span class=\"author\">", text_of(&author, "name"),
                    "</span> · ");
    }
    if (json_find_i64(post, "published_at", INT64_MIN, INT64_MAX, &at_ms,
                      &found, &err) &&
        found) {
        at_s = (time_t)(at_ms / MS_PER_S);
        if (gmtime_r(&at_s, &tm))
            strftime(date, sizeof date, "%e %B %Y", &tm);
        buf_text(out, date);
    }
    buf_text(out, "</p>\n");
}

static void add_post(struct buf *out, const struct json *post)
{
    struct span image = text_of(post, "image"), rest = text_of(post, "body");
    struct span line;

    buf_text(out, "<article class=\"card\">\n");
    if (is_web(image))
        add_element(out,
                    "<img class=\"cover\" width=\"1280\" height=\"640\" "
                    "loading=\"lazy\" alt=\"\" src=\"",
                    image, "\">\n");
    add_why(out, post);
    add_title(out, post);
    add_byline(out, post);
    buf_text(out, "<div class=\"body\">");
    while (span_cut(&rest, '\n', &line))
        if (span_trim(line).bytes)
            add_element(out, "<p>", span_trim(line), "</p>\n");
    buf_text(out, "</div>\n</article>\n");
}

/* ---- the page ---- */

static void add_tabs(struct buf *out, bool latest)
{
    static const char here[] = " aria-current=\"page\"";

    buf_fmt(out, "<a href=\"" PLAIN_PATH "\"%s>For you</a>",
            latest ? "" : here);
    buf_fmt(out, "<a href=\"" PLAIN_PATH "?feed=latest\"%s>Latest</a>",
            latest ? here : "");
    buf_text(out, "</nav></div></header>\n<div class=\"page\">\n"
                  "<main id=\"main\" tabindex=\"-1\">\n"
                  "<h1 class=\"hidden-text\">Your feed</h1>\n");
}

static void add_next(struct buf *out, struct span cursor)
{
    buf_text(out, "<nav class=\"state\" aria-label=\"Pages\">");
    if (cursor.bytes)
        add_element(out,
                    "<a class=\"button\" rel=\"next\" href=\"" PLAIN_PATH
                    "?cursor=",
                    cursor, "\">Next posts</a>");
    else
        buf_text(out, "<p>That was everything, for now.</p><a class=\"button\" "
                      "href=\"" PLAIN_PATH "\">Start a fresh feed</a>");
    buf_text(out, "</nav>\n");
}

static struct span origin_of(const struct json *feed)
{
    struct span source = text_of(feed, "source");

    if (span_is(source, "latest"))
        return SPAN("Newest first");
    if (span_is(source, "ml_recommendations"))
        return SPAN("Picked for you");
    if (span_is(text_of(feed, "fallback_reason"), "cold_start"))
        return SPAN("Fresh picks while we learn your taste");
    return SPAN("A mixed selection");
}

static void write_page(struct buf *out, const struct json *feed)
{
    struct json posts, post;
    struct err err;
    bool found;

    buf_text(out, head);
    add_tabs(out, span_is(text_of(feed, "source"), "latest"));
    add_element(out, "<p class=\"origin\">", origin_of(feed), "</p>\n");
    if (json_find_array(feed, "posts", &posts, &found, &err) && found)
        for (size_t i = 0; i < json_count(&posts); i++) {
            post = json_at(&posts, i);
            add_post(out, &post);
        }
    add_next(out, text_of(feed, "next_cursor"));
    buf_text(out, foot);
}

/* Cookies of the refusal stay: a bad one is taken away. */
static void start_over(struct http_reply *reply)
{
    buf_reset(&reply->body);
    reply->status = 303;
    reply->content_type = NULL;
    http_header(reply, "Location", SPAN(PLAIN_PATH));
}

void plain_get(struct app *app, const struct http_request *request)
{
    struct http_reply *reply = &app->reply;
    struct json feed;
    struct buf page;
    struct err err;

    feeds_get(app, request);
    if ((request->query.bytes &&
         (reply->status == 400 || reply->status == 410)) ||
        (reply->status == 401 && !request->authorization.bytes)) {
        start_over(reply);
        return;
    }
    if (reply->status != 200)
        return;
    if (!json_parse(buf_view(&reply->body), PAGE_MOST_BYTES, JSON_DEPTH, &feed,
                    &err)) {
        log_failure(LOG_ERROR, "app", "plain_failed", &err);
        reply->body.failed = true; /* answered as `internal` */
        return;
    }
    buf_init(&page, PAGE_MOST_BYTES);
    write_page(&page, &feed);
    json_release(&feed);
    buf_release(&reply->body);
    reply->body = page;
    reply->content_type = "text/html; charset=utf-8";
}
