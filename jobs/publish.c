#include "publish.h"

#include <curl/curl.h>
#include <stdio.h>

#include "web/json.h"

enum {
    HTTP_OK = 200,
    HTTP_MOVED = 300,
    HTTP_NOT_FOUND = 404,
    URL_BYTES = 64,
    ANSWER_MOST_BYTES = 1024,
    ANSWER_DEPTH = 2,
};

static size_t keep(char *at, size_t size, size_t count, void *arg)
{
    struct publish *p = arg;

    buf_add(&p->answer, at, size * count);
    return size * count;
}

bool publish_open(struct publish *p, const char *socket_path, struct err *err)
{
    static const char *const headers[] = {"Content-Type: application/json",
                                          "Accept: application/json"};
    bool ok = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;

    *p = (struct publish){.socket_path = socket_path};
    buf_init(&p->answer, ANSWER_MOST_BYTES);
    if (ok)
        p->curl = curl_easy_init();
    ok = p->curl;
    for (size_t i = 0; ok && i < sizeof headers / sizeof *headers; i++) {
        void *longer = curl_slist_append(p->headers, headers[i]);
        ok = longer;
        p->headers = ok ? longer : p->headers;
    }
    if (!ok) {
        publish_close(p);
        return err_set(err, ERR_MEMORY, "libcurl does not start");
    }
    curl_easy_setopt(p->curl, CURLOPT_UNIX_SOCKET_PATH, socket_path);
    curl_easy_setopt(p->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(p->curl, CURLOPT_TIMEOUT_MS, (long)PUBLISH_WAIT_MS);
    curl_easy_setopt(p->curl, CURLOPT_HTTPHEADER, p->headers);
    curl_easy_setopt(p->curl, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(p->curl, CURLOPT_WRITEDATA, p);
    return true;
}

void publish_close(struct publish *p)
{
    if (!p->socket_path)
        return;
    curl_slist_free_all(p->headers);
    curl_easy_cleanup(p->curl);
    curl_global_cleanup();
    buf_release(&p->answer);
    *p = (struct publish){0};
}

/* What was set up is sent; its answer is kept. */
static bool perform(struct publish *p, const char *channel, long *status,
                    struct err *err)
{
    char url[URL_BYTES];
    CURLcode result;

    snprintf(url, sizeof url, "http://localhost/publish/%s", channel);
    curl_easy_setopt(p->curl, CURLOPT_URL, url);
    buf_reset(&p->answer);
    result = curl_easy_perform(p->curl);
    if (result != CURLE_OK)
        return err_set(
            err, result == CURLE_OPERATION_TIMEDOUT ? ERR_TIMEOUT : ERR_DOWN,
            "%s: %s", p->socket_path, curl_easy_strerror(result));
    curl_easy_getinfo(p->curl, CURLINFO_RESPONSE_CODE, status);
    return true;
}

static bool judge(const struct publish *p, long status, struct err *err)
{
    return (status >= HTTP_OK && status < HTTP_MOVED) ||
           err_set(err, ERR_INVALID, "%s: HTTP %ld", p->socket_path, status);
}

bool publish_send(struct publish *p, const char *channel, struct span message,
                  struct err *err)
{
    long status = 0;

    curl_easy_setopt(p->curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     (curl_off_t)message.bytes);
    curl_easy_setopt(p->curl, CURLOPT_POSTFIELDS, message.at);
    return perform(p, channel, &status, err) && judge(p, status, err);
}

bool publish_is_kept(struct publish *p, const char *channel, bool *kept,
                     struct err *err)
{
    struct json root;
    int64_t messages = 0;
    long status = 0;
    bool ok, found;

    *kept = false;
    curl_easy_setopt(p->curl, CURLOPT_HTTPGET, 1L);
    if (!perform(p, channel, &status, err))
        return false;
    if (status == HTTP_NOT_FOUND) /* of this channel nothing is known */
        return true;
    if (!judge(p, status, err) ||
        !json_parse(buf_view(&p->answer), ANSWER_MOST_BYTES, ANSWER_DEPTH,
                    &root, err))
        return false;
    ok = json_kind_of(&root) == JSON_OBJECT
             ? json_find_i64(&root, "messages", 0, INT64_MAX, &messages, &found,
                             err)
             : err_set(err, ERR_INVALID, "%s: no object", p->socket_path);
    json_release(&root);
    *kept = ok && found && messages > 0;
    return ok;
}
