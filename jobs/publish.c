#include "publish.h"

#include <curl/curl.h>
#include <stdio.h>

enum { HTTP_OK = 200, HTTP_MOVED = 300, URL_BYTES = 64 };

static size_t drop(char *at, size_t size, size_t count, void *arg)
{
    (void)at;
    (void)arg;
    return size * count;
}

bool publish_open(struct publish *p, const char *socket_path, struct err *err)
{
    *p = (struct publish){.socket_path = socket_path};
    if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
        p->curl = curl_easy_init();
    if (p->curl)
        p->headers = curl_slist_append(NULL, "Content-Type: application/json");
    if (!p->headers) {
        publish_close(p);
        return err_set(err, ERR_MEMORY, "libcurl does not start");
    }
    curl_easy_setopt(p->curl, CURLOPT_UNIX_SOCKET_PATH, socket_path);
    curl_easy_setopt(p->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(p->curl, CURLOPT_TIMEOUT_MS, (long)PUBLISH_WAIT_MS);
    curl_easy_setopt(p->curl, CURLOPT_HTTPHEADER, p->headers);
    curl_easy_setopt(p->curl, CURLOPT_WRITEFUNCTION, drop);
    return true;
}

void publish_close(struct publish *p)
{
    if (!p->socket_path)
        return;
    curl_slist_free_all(p->headers);
    curl_easy_cleanup(p->curl);
    curl_global_cleanup();
    *p = (struct publish){0};
}

bool publish_send(struct publish *p, const char *channel, struct span message,
                  struct err *err)
{
    char url[URL_BYTES];
    long status = 0;
    CURLcode result;

    snprintf(url, sizeof url, "http://localhost/publish/%s", channel);
    curl_easy_setopt(p->curl, CURLOPT_URL, url);
    curl_easy_setopt(p->curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     (curl_off_t)message.bytes);
    curl_easy_setopt(p->curl, CURLOPT_POSTFIELDS, message.at);
    result = curl_easy_perform(p->curl);
    if (result != CURLE_OK)
        return err_set(
            err, result == CURLE_OPERATION_TIMEDOUT ? ERR_TIMEOUT : ERR_DOWN,
            "%s: %s", p->socket_path, curl_easy_strerror(result));
    curl_easy_getinfo(p->curl, CURLINFO_RESPONSE_CODE, &status);
    return (status >= HTTP_OK && status < HTTP_MOVED) ||
           err_set(err, ERR_INVALID, "%s: HTTP %ld", p->socket_path, status);
}
