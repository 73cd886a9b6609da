#include "web/http.h"

#include <strings.h>

#include "base/utf8.h"

enum {
    HEADERS_MOST_BYTES = 16384, /* ours: a cookie, a policy, a timing */
    PREFLIGHT_LIFE_S = 600,
};

static const char *const method_names[] = {
    [HTTP_GET] = "GET",         [HTTP_HEAD] = "HEAD",
    [HTTP_POST] = "POST",       [HTTP_PUT] = "PUT",
    [HTTP_DELETE] = "DELETE",   [HTTP_OPTIONS] = "OPTIONS",
    [HTTP_OTHER] = "(unknown)",
};

void http_reply_init(struct http_reply *r, size_t most_bytes)
{
    buf_init(&r->headers, HEADERS_MOST_BYTES);
    buf_init(&r->body, most_bytes);
    http_reply_reset(r);
}

void http_reply_release(struct http_reply *r)
{
    buf_release(&r->headers);
    buf_release(&r->body);
}

void http_reply_reset(struct http_reply *r)
{
    r->status = 200;
    r->content_type = "application/json";
    buf_reset(&r->headers);
    buf_reset(&r->body);
}

static bool has_control(struct span value)
{
    for (size_t i = 0; i < value.bytes; i++)
        if ((unsigned char)value.at[i] < ' ' || value.at[i] == 0x7f)
            return true;
    return false;
}

void http_header(struct http_reply *r, const char *name, struct span value)
{
    if (has_control(value)) {
        r->headers.failed = true;
        return;
    }
    buf_text(&r->headers, name);
    buf_text(&r->headers, ": ");
    buf_span(&r->headers, value);
    buf_text(&r->headers, "\r\n");
}

void http_cookie_set(struct http_reply *r, const char *name, struct span value,
                     uint64_t life_s, bool secure)
{
    http_cookie_set_at(r, name, value, "/", life_s, secure);
}

void http_cookie_set_at(struct http_reply *r, const char *name,
                        struct span value, const char *path, uint64_t life_s,
                        bool secure)
{
    if (has_control(value)) {
        r->headers.failed = true;
        return;
    }
    buf_text(&r->headers, "Set-Cookie: ");
    buf_text(&r->headers, name);
    buf_char(&r->headers, '=');
    buf_span(&r->headers, value);
    buf_text(&r->headers, "; Path=");
    buf_text(&r->headers, path);
    buf_text(&r->headers, "; Max-Age=");
    buf_u64(&r->headers, life_s);
    buf_text(&r->headers, "; HttpOnly; SameSite=Lax");
    buf_text(&r->headers, secure ? "; Secure\r\n" : "\r\n");
}

enum http_method http_method_find(struct span name)
{
    for (int i = 0; i < HTTP_OTHER; i++)
        if (span_is(name, method_names[i]))
            return (enum http_method)i;
    return HTTP_OTHER;
}

const char *http_method_name(enum http_method method)
{
    return method_names[method];
}

const char *http_status_text(int status)
{
    static const struct {
        int status;
        const char *text;
    } rows[] = {
        /* clang-format off */
        {200, "OK"},                 {201, "Created"},
        {202, "Accepted"},           {204, "No Content"},
        {303, "See Other"},          {304, "Not Modified"},
        {400, "Bad Request"},        {401, "Unauthorized"},
        {403, "Forbidden"},          {404, "Not Found"},
        {405, "Method Not Allowed"}, {409, "Conflict"},
        {410, "Gone"},               {413, "Content Too Large"},
        {415, "Unsupported Media Type"}, {422, "Unprocessable Content"},
        {429, "Too Many Requests"},  {500, "Internal Server Error"},
        {503, "Service Unavailable"},
        /* clang-format on */
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].status == status)
            return rows[i].text;
    return "";
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Decodes into `out`, which holds as many bytes as the text. */
static bool percent_decode(struct span text, char *out, struct span *decoded)
{
    size_t n = 0;

    for (size_t i = 0; i < text.bytes; i++) {
        int high, low;

        if (text.at[i] != '%') {
            out[n++] = text.at[i] == '+' ? ' ' : text.at[i];
            continue;
        }
        if (text.bytes - i < sizeof "%XX" - 1)
            return false;
        high = hex_digit(text.at[++i]);
        low = hex_digit(text.at[++i]);
        if (high < 0 || low < 0)
            return false;
        out[n++] = (char)(high << 4 | low);
    }
    *decoded = (struct span){out, n};
    return utf8_printable(*decoded);
}

bool http_query_find(struct span query, const char *name, struct arena *a,
                     struct span *value, bool *found, struct err *err)
{
    struct span pair, key, rest = query;
    char *room;

    *found = false;
    if (!query.bytes)
        return true;
    if (!arena_take(a, query.bytes, 1, &room, err))
        return false;
    while (span_cut(&rest, '&', &pair)) {
        struct span raw_value = pair, raw_key, decoded;

        /* The value stays in the room; the key's place is used again. */
        span_cut(&raw_value, '=', &raw_key);
        if (!percent_decode(raw_key, room, &key))
            return err_set(err, ERR_INVALID, "query: a name is badly encoded");
        bool wanted = span_is(key, name);
        if (!percent_decode(raw_value, room, &decoded))
            return err_set(err, ERR_INVALID, "query: a value is badly encoded");
        if (!wanted)
            continue;
        if (*found)
            return err_set(err, ERR_INVALID, "query: %s is given twice", name);
        *found = true;
        *value = decoded;
        room += decoded.bytes;
    }
    return true;
}

static struct span unquoted(struct span text)
{
    if (text.bytes >= 2 && text.at[0] == '"' && text.at[text.bytes - 1] == '"')
        return (struct span){text.at + 1, text.bytes - 2};
    return text;
}

bool http_cookie_find(struct span cookie_header, const char *name,
                      struct span *value)
{
    struct span pair, key, rest = cookie_header;

    while (span_cut(&rest, ';', &pair)) {
        if (!span_cut(&pair, '=', &key) || !pair.at)
            continue;
        if (!span_is(span_trim(key), name))
            continue;
        *value = unquoted(span_trim(pair));
        return true;
    }
    return false;
}

bool http_bearer_find(struct span authorization, struct span *token)
{
    struct span scheme, rest = authorization;

    if (!span_cut(&rest, ' ', &scheme) || !rest.at ||
        !span_is_nocase(scheme, "bearer"))
        return false;
    *token = span_trim(rest);
    return token->bytes > 0;
}

bool http_media_is(struct span content_type, const char *media_type)
{
    struct span type, rest = content_type;

    return span_cut(&rest, ';', &type) &&
           span_is_nocase(span_trim(type), media_type);
}

/* Configured origins are compared byte by byte: browsers send one form. */
static bool is_configured(struct span origin, const char *origins)
{
    struct span one, rest = span_of(origins);

    while (span_cut(&rest, ' ', &one))
        if (one.bytes && span_equal(one, origin))
            return true;
    return false;
}

static struct span without_suffix(struct span text, const char *suffix)
{
    struct span s = span_of(suffix);

    if (text.bytes > s.bytes &&
        !memcmp(text.at + text.bytes - s.bytes, s.at, s.bytes))
        text.bytes -= s.bytes;
    return text;
}

/* Is the origin scheme://host of this very request? */
static bool is_own(const struct http_request *r)
{
    const char *scheme = r->https ? "https://" : "http://";
    struct span host = without_suffix(r->host, r->https ? ":443" : ":80");
    size_t bytes = strlen(scheme);

    return host.bytes && r->origin.bytes == bytes + host.bytes &&
           !memcmp(r->origin.at, scheme, bytes) &&
           !strncasecmp(r->origin.at + bytes, host.at, host.bytes);
}

bool http_same_site(const struct http_request *r, const char *origins)
{
    if (r->origin.bytes && is_configured(r->origin, origins))
        return true;
    if (span_is(r->sec_fetch_site, "cross-site"))
        return false;
    return !r->origin.bytes || is_own(r);
}

static bool allow_origin(struct http_reply *reply, const struct http_request *r,
                         const char *origins)
{
    if (!span_trim(span_of(origins)).bytes)
        return false;
    http_header(reply, "Vary", SPAN("Origin"));
    if (!r->origin.bytes || !is_configured(r->origin, origins))
        return false;
    http_header(reply, "Access-Control-Allow-Origin", r->origin);
    http_header(reply, "Access-Control-Allow-Credentials", SPAN("true"));
    return true;
}

void http_cors(struct http_reply *reply, const struct http_request *r,
               const char *origins)
{
    if (allow_origin(reply, r, origins))
        http_header(reply, "Access-Control-Expose-Headers",
                    SPAN("X-Request-Id, Server-Timing, Retry-After"));
}

void http_preflight(struct http_reply *reply, const struct http_request *r,
                    const char *origins, const char *methods)
{
    http_reply_reset(reply);
    reply->status = 204;
    reply->content_type = NULL;
    http_header(reply, "Allow", span_of(methods));
    if (!allow_origin(reply, r, origins))
        return;
    http_header(reply, "Access-Control-Allow-Methods", span_of(methods));
    http_header(reply, "Access-Control-Allow-Headers",
                SPAN("Content-Type, Authorization"));
    buf_fmt(&reply->headers, "Access-Control-Max-Age: %d\r\n",
            PREFLIGHT_LIFE_S);
}
