#include "mlflow_http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "mlflow.h"
#include "web/json.h"

enum {
    HTTP_OK = 200,
    HTTP_MOVED = 300,
    HTTP_UNAUTHORIZED = 401,
    HTTP_FORBIDDEN = 403,
    HTTP_ABSENT = 404,
    HTTP_BROKEN = 500,
    BLOCK_BYTES = 1 << 16,
    WORD_BYTES = 64,
};

/* MLflow's own variables, which are not ours to put into config.def. */
static const char *setting(const char *name)
{
    const char *value = getenv(name);

    return value && value[0] ? value : NULL;
}

bool mlflow_wanted(void)
{
    return setting("MLFLOW_TRACKING_URI") != NULL;
}

/* ---- answers ---- */

static size_t on_body(char *at, size_t size, size_t count, void *arg)
{
    struct mlflow_http *h = arg;

    buf_add(&h->body, at, size * count);
    return h->body.failed ? 0 : size * count;
}

static enum err_code code_of(CURLcode result)
{
    switch (result) {
    case CURLE_OPERATION_TIMEDOUT:
        return ERR_TIMEOUT;
    case CURLE_WRITE_ERROR:
        return ERR_LIMIT;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return ERR_INVALID;
    default:
        return ERR_DOWN;
    }
}

static enum err_code code_of_status(long status)
{
    switch (status) {
    case HTTP_UNAUTHORIZED:
    case HTTP_FORBIDDEN:
        return ERR_DENIED;
    case HTTP_ABSENT:
        return ERR_ABSENT;
    default:
        return status >= HTTP_BROKEN ? ERR_DOWN : ERR_INVALID;
    }
}

/* Its own word for what is wrong; its message may quote what we sent. */
static void find_error_code(const struct mlflow_http *h, char out[WORD_BYTES])
{
    struct json root;
    struct span code = {0};
    struct err ignored;
    bool found = false;

    out[0] = 0;
    if (!json_parse(buf_view(&h->body), MLFLOW_BODY_MOST, JSON_DEPTH, &root,
                    &ignored))
        return;
    if (json_kind_of(&root) == JSON_OBJECT &&
        json_find_text(&root, "error_code", &code, &found, &ignored) && found)
        snprintf(out, WORD_BYTES, ", %.*s", SPAN_ARGS(code));
    json_release(&root);
}

/* The path without its query, which may hold a name. */
static int path_bytes(const char *path)
{
    return (int)strcspn(path, "?");
}

static bool perform(struct mlflow_http *h, const char *path, struct err *err)
{
    char url[MLFLOW_PATH_BYTES * 2], word[WORD_BYTES];
    long status = 0;
    CURLcode result;
    int n = snprintf(url, sizeof url, "%.*s/api/2.0/%s", (int)h->base_bytes,
                     h->base, path);

    if (n < 0 || (size_t)n >= sizeof url)
        return err_set(err, ERR_INVALID, "MLFLOW_TRACKING_URI is too long");
    buf_reset(&h->body);
    curl_easy_setopt(h->curl, CURLOPT_URL, url);
    result = curl_easy_perform(h->curl);
    if (result != CURLE_OK)
        return err_set(err, code_of(result), "%.*s: %s", path_bytes(path), path,
                       curl_easy_strerror(result));
    curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status >= HTTP_OK && status < HTTP_MOVED)
        return true;
    find_error_code(h, word);
    return err_set(err, code_of_status(status), "%.*s: HTTP %ld%s",
                   path_bytes(path), path, status, word);
}

/* ---- calls ---- */

/* What every call shares; forgets what the last one set. */
static void prepare(struct mlflow_http *h)
{
    const char *token = setting("MLFLOW_TRACKING_TOKEN");
    const char *user = setting("MLFLOW_TRACKING_USERNAME");
    const char *password = setting("MLFLOW_TRACKING_PASSWORD");

    curl_easy_reset(h->curl);
    curl_easy_setopt(h->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(h->curl, CURLOPT_CONNECTTIMEOUT, (long)MLFLOW_CONNECT_S);
    curl_easy_setopt(h->curl, CURLOPT_TIMEOUT, (long)MLFLOW_CALL_S);
    curl_easy_setopt(h->curl, CURLOPT_USERAGENT, "kith");
    curl_easy_setopt(h->curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(h->curl, CURLOPT_WRITEDATA, h);
    curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, h->headers);
    if (token) {
        curl_easy_setopt(h->curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
        curl_easy_setopt(h->curl, CURLOPT_XOAUTH2_BEARER, token);
    } else if (user) {
        curl_easy_setopt(h->curl, CURLOPT_USERNAME, user);
        curl_easy_setopt(h->curl, CURLOPT_PASSWORD, password ? password : "");
    }
}

bool mlflow_http_open(struct mlflow_http *h, struct err *err)
{
    const char *experiment = setting("MLFLOW_EXPERIMENT_NAME");

    *h = (struct mlflow_http){.base = setting("MLFLOW_TRACKING_URI"),
                              .experiment = experiment ? experiment : "kith"};
    if (!h->base || (strncmp(h->base, "http://", strlen("http://")) != 0 &&
                     strncmp(h->base, "https://", strlen("https://")) != 0))
        return err_set(err, ERR_INVALID,
                       "MLFLOW_TRACKING_URI is no http(s) address");
    h->base_bytes = strlen(h->base);
    while (h->base[h->base_bytes - 1] == '/')
        h->base_bytes--;
    buf_init(&h->body, MLFLOW_BODY_MOST);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
        h->curl = curl_easy_init();
    if (h->curl)
        h->headers = curl_slist_append(NULL, "Content-Type: application/json");
    if (h->headers)
        return true;
    mlflow_http_close(h);
    return err_set(err, ERR_MEMORY, "libcurl does not start");
}

void mlflow_http_close(struct mlflow_http *h)
{
    if (!h->base)
        return;
    curl_slist_free_all(h->headers);
    curl_easy_cleanup(h->curl);
    curl_global_cleanup();
    buf_release(&h->body);
    *h = (struct mlflow_http){0};
}

bool mlflow_http_get(struct mlflow_http *h, const char *path, struct err *err)
{
    prepare(h);
    return perform(h, path, err);
}

bool mlflow_http_post(struct mlflow_http *h, const char *path, struct span json,
                      struct err *err)
{
    prepare(h);
    curl_easy_setopt(h->curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     (curl_off_t)json.bytes);
    curl_easy_setopt(h->curl, CURLOPT_POSTFIELDS, json.at);
    return perform(h, path, err);
}

static size_t on_upload(char *at, size_t size, size_t count, void *file)
{
    return fread(at, size, count, file);
}

bool mlflow_http_put(struct mlflow_http *h, const char *path, const char *file,
                     struct err *err)
{
    FILE *f = fopen(file, "rbe");
    struct stat st;
    bool ok;

    if (!f || fstat(fileno(f), &st) < 0) {
        ok = err_set(err, ERR_ABSENT, "the artefact: %m");
    } else {
        prepare(h);
        curl_easy_setopt(h->curl, CURLOPT_HTTPHEADER, NULL);
        curl_easy_setopt(h->curl, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(h->curl, CURLOPT_UPLOAD_BUFFERSIZE, (long)BLOCK_BYTES);
        curl_easy_setopt(h->curl, CURLOPT_READFUNCTION, on_upload);
        curl_easy_setopt(h->curl, CURLOPT_READDATA, f);
        curl_easy_setopt(h->curl, CURLOPT_INFILESIZE_LARGE,
                         (curl_off_t)st.st_size);
        /* As long as bytes move it may take as long as it takes. */
        curl_easy_setopt(h->curl, CURLOPT_TIMEOUT, 0L);
        curl_easy_setopt(h->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(h->curl, CURLOPT_LOW_SPEED_TIME, (long)MLFLOW_STALL_S);
        ok = perform(h, path, err);
    }
    if (f)
        fclose(f);
    return ok;
}

void mlflow_http_escape(struct mlflow_http *h, struct buf *out,
                        const char *text)
{
    char *escaped = curl_easy_escape(h->curl, text, 0);

    if (escaped)
        buf_text(out, escaped);
    else
        out->failed = true;
    curl_free(escaped);
}
