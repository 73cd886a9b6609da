#define _GNU_SOURCE /* memmem */
#include "worker.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/train.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "openapi.h"
#include "schema.h"
#include "test_db.h"

enum {
    JSON_MOST_BYTES = 1 << 26,
    LOG_MOST_BYTES = 1 << 24,
    ANSWER_DEPTH = 32,
    WHY_BYTES = 1 << 16,
    PARAMS_MOST = 20,
    LENGTH_TEXT = 24,
    MS_PER_S = 1000,
    YEAR_S = 31536000,
    READY_TRY_US = 2000,
    READY_TRIES = 5000,
};

#define KEY_TODAY                                                              \
    "today 00112233445566778899aabbccddeeff"                                   \
    "00112233445566778899aabbccddeeff\n"

extern char **environ;

static char folder[64];
static char bin[PATH_MAX];
static pid_t owner;
static struct openapi reference;

/* ---- The stage ---- */

/* Publishing keeps old models in a folder of its own. */
static void remove_tree(const char *path)
{
    char inner[PATH_MAX];
    DIR *d = opendir(path);
    struct dirent *e;

    while (d && (e = readdir(d))) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
            continue;
        snprintf(inner, sizeof inner, "%s/%s", path, e->d_name);
        if (unlink(inner) < 0)
            remove_tree(inner);
    }
    if (d)
        closedir(d);
    rmdir(path);
}

static void remove_folder(void)
{
    if (getpid() == owner)
        remove_tree(folder);
}

/* BUILD/tests/wire/test_x -> BUILD/bin */
static void find_bin(void)
{
    ssize_t bytes = readlink("/proc/self/exe", bin, sizeof bin - 1);

    if (bytes < 0) {
        perror("worker: /proc/self/exe");
        exit(EXIT_FAILURE);
    }
    bin[bytes] = 0;
    for (int up = 0; up < 3; up++)
        *strrchr(bin, '/') = 0;
    snprintf(bin + strlen(bin), sizeof bin - strlen(bin), "/bin");
}

/* No test here pulls the plug, and waiting for the disk is most of the time. */
static void make_database_fast(void)
{
    struct db db;

    test_db_create();
    test_db_open(&db);
    test_db_run(&db, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET "
                     "synchronous_commit = off', current_database()); END $$");
    db_release(&db);
}

/* A tenth of the time of truncating tables of a few rows. */
static void empty_database(struct db *db)
{
    test_db_run(db, "DELETE FROM user_recommendations; DELETE FROM post_counts;"
                    "DELETE FROM user_interactions; DELETE FROM posts;"
                    "DELETE FROM users; DELETE FROM erased_users");
}

void stage_create(void)
{
    make_database_fast();
    find_bin();
    fcgi_folder_make(folder);
    owner = getpid();
    atexit(remove_folder);
    openapi_open(&reference, "static/openapi.json");
}

const char *stage_folder(void)
{
    return folder;
}

const char *stage_bin(void)
{
    return bin;
}

void stage_path(const char *name, char out[STAGE_PATH])
{
    snprintf(out, STAGE_PATH, "%s/%.60s", folder, name);
}

void stage_set(const char *variable, const char *value)
{
    setenv(variable, value, 1);
}

/* What the caller's environment says must not reach a test. */
static void clear_settings(void)
{
    char name[STAGE_PATH];

    for (char **e = environ; *e;) {
        if (strncmp(*e, "KITH_", strlen("KITH_"))) {
            e++;
            continue;
        }
        snprintf(name, sizeof name, "%.*s", (int)strcspn(*e, "="), *e);
        unsetenv(name); /* moves the rest up */
    }
}

struct config stage_config(void)
{
    struct config config;
    struct err err;

    ck_assert_msg(config_load(&config, &err), "%s", err.what);
    return config;
}

void stage_keys(struct stage *s, const char *text)
{
    FILE *f = fopen(s->keys_path, "w");
    struct err err;

    ck_assert(f && fputs(text, f) >= 0 && !fclose(f));
    ck_assert_int_eq(chmod(s->keys_path, S_IRUSR | S_IWUSR), 0);
    ck_assert_msg(token_keys_load(s->keys_path, &s->keys, &err), "%s",
                  err.what);
}

void stage_open(struct stage *s)
{
    char covers[STAGE_PATH];

    remove_tree(folder);
    ck_assert_int_eq(mkdir(folder, S_IRWXU), 0);
    stage_path("keys", s->keys_path);
    stage_path("model", s->model_path);
    stage_path("covers", covers);
    clear_settings();
    stage_set("KITH_DB_URL", test_db_url());
    stage_set("KITH_MODEL", s->model_path);
    stage_set("KITH_TOKEN_KEYS_FILE", s->keys_path);
    stage_set("KITH_COVERS", covers);
    stage_set("KITH_DEMO_DIR", folder);
    stage_set("KITH_SPOOL", ""); /* tests of the spool set their own */
    stage_set("KITH_MODEL_CHECK_MS", "10");
    /* Enough for a busy machine; tests of deadlines set their own. */
    stage_set("KITH_FEED_DEADLINE_MS", "5000");
    stage_set("KITH_DB_WAIT_MS", "5000");
    stage_keys(s, KEY_TODAY);
    test_db_open(&s->db);
    empty_database(&s->db);
}

void stage_close(struct stage *s)
{
    db_release(&s->db);
}

void stage_token_at(const struct stage *s, struct uuid user,
                    int64_t issued_at_ms, int64_t expires_at_ms,
                    char out[STAGE_TOKEN])
{
    struct buf text;

    buf_init(&text, STAGE_TOKEN);
    token_sign(&s->keys, user, issued_at_ms, expires_at_ms, &text);
    ck_assert(!text.failed);
    snprintf(out, STAGE_TOKEN, "%.*s", SPAN_ARGS(buf_view(&text)));
    buf_release(&text);
}

void stage_token(const struct stage *s, struct uuid user, char out[STAGE_TOKEN])
{
    int64_t now_ms = clock_wall_ms();

    stage_token_at(s, user, now_ms, now_ms + (int64_t)YEAR_S * MS_PER_S, out);
}

void stage_train(struct stage *s)
{
    struct config config = stage_config();
    struct train_report report;
    struct err err;

    ck_assert_msg(train_run(&s->db, &config, NULL, &report, &err), "%s",
                  err.what);
}

int64_t stage_count(struct stage *s, const char *sql)
{
    return test_db_number(&s->db, sql);
}

/* ---- Workers ---- */

static void turn_log(const char *path)
{
    int fd;

    if (getenv("WORKER_LOG"))
        return;
    fd = open(path, O_WRONLY | O_CREAT | O_APPEND, S_IRUSR | S_IWUSR);
    if (fd < 0 || dup2(fd, STDERR_FILENO) < 0)
        _exit(EXIT_FAILURE);
    close(fd);
}

/* Check's own handler, inherited, would end the whole test. */
static pid_t fork_plain(void)
{
    sigset_t stops, before;
    pid_t pid;

    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    sigaddset(&stops, SIGUSR2); /* is_ready() tells this mask by it */
    sigprocmask(SIG_BLOCK, &stops, &before);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (!pid) {
        signal(SIGTERM, SIG_DFL);
        signal(SIGINT, SIG_DFL);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    return pid;
}

pid_t worker_more(const struct worker *w)
{
    char program[PATH_MAX + STAGE_PATH];
    pid_t pid = fork_plain();

    if (pid)
        return pid;
    snprintf(program, sizeof program, "%s/%s.fcgi", bin, w->role);
    turn_log(w->log_path);
    if (dup2(w->listen_fd, STDIN_FILENO) < 0)
        _exit(EXIT_FAILURE);
    execl(program, program, (char *)NULL);
    perror(program);
    _exit(EXIT_FAILURE);
}

void worker_start(struct worker *w, const struct stage *s, const char *role)
{
    char name[STAGE_PATH];

    (void)s; /* its settings are in the environment */
    *w = (struct worker){.path = !strcmp(role, "track")   ? "/api/track"
                                 : !strcmp(role, "feeds") ? "/api/feeds"
                                                          : "/readyz"};
    snprintf(w->role, sizeof w->role, "%s", role);
    snprintf(name, sizeof name, "%s.s", role);
    stage_path(name, w->socket_path);
    snprintf(name, sizeof name, "%s.log", role);
    stage_path(name, w->log_path);
    unlink(w->socket_path);
    w->listen_fd = fcgi_listen(w->socket_path);
    w->pid = worker_more(w);
}

/* A worker takes SIGTERM as a request once it has blocked it (fcgi_open);
 * one that is gone will not come to that. */
static bool is_ready(pid_t pid)
{
    char path[STAGE_PATH], line[STAGE_PATH];
    unsigned long long blocked = 0;
    bool gone = true;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f)) {
        gone = !strncmp(line, "State:", 6) ? strchr(line, 'Z') != NULL : gone;
        sscanf(line, "SigBlk: %llx", &blocked);
    }
    if (f)
        fclose(f);
    return gone ||
           ((blocked >> (SIGTERM - 1) & 1) && !(blocked >> (SIGUSR2 - 1) & 1));
}

int worker_end(pid_t pid)
{
    for (int left = READY_TRIES; left && !is_ready(pid); left--)
        usleep(READY_TRY_US);
    kill(pid, SIGTERM);
    return fcgi_wait_end(pid);
}

int worker_stop(struct worker *w)
{
    pid_t pid = w->pid;

    w->pid = 0;
    return pid ? worker_end(pid) : 0;
}

char *worker_log(const struct worker *w)
{
    struct span text;
    struct err err;
    char *copy;

    ck_assert_msg(file_read(w->log_path, LOG_MOST_BYTES, &text, &err), "%s",
                  err.what);
    copy = strndup(text.at ? text.at : "", text.bytes);
    ck_assert_ptr_nonnull(copy);
    mem_give((void *)text.at);
    return copy;
}

/* ---- Asking ---- */

static const char *method_of(const struct ask *ask)
{
    if (ask->method)
        return ask->method;
    return ask->body ? "POST" : "GET";
}

static const char *path_of(const struct worker *w, const struct ask *ask)
{
    return ask->path ? ask->path : w->path;
}

static const char *type_of(const struct ask *ask)
{
    if (ask->type || !ask->body)
        return ask->type;
    return "application/json";
}

static size_t length_of(const struct ask *ask)
{
    return ask->body_bytes || !ask->body ? ask->body_bytes : strlen(ask->body);
}

struct params {
    struct fcgi_param rows[PARAMS_MOST];
    size_t count;
    char authorization[STAGE_TOKEN + sizeof "Bearer "];
    char length[LENGTH_TEXT];
};

static void add(struct params *p, const char *name, const char *value)
{
    ck_assert_uint_lt(p->count, PARAMS_MOST - 1);
    if (value)
        p->rows[p->count++] = (struct fcgi_param){name, value};
}

static void fill_params(const struct worker *w, const struct ask *ask,
                        struct params *p)
{
    *p = (struct params){0};
    if (ask->bearer)
        snprintf(p->authorization, sizeof p->authorization, "Bearer %s",
                 ask->bearer);
    snprintf(p->length, sizeof p->length, "%zu", length_of(ask));
    for (size_t i = 0; i < sizeof ask->more / sizeof ask->more[0]; i++)
        add(p, ask->more[i].name, ask->more[i].value);
    add(p, "REQUEST_METHOD", method_of(ask));
    add(p, "DOCUMENT_URI", path_of(w, ask));
    add(p, "QUERY_STRING", ask->query ? ask->query : "");
    add(p, "CONTENT_TYPE", type_of(ask));
    add(p, "HTTP_COOKIE", ask->cookie);
    add(p, "HTTP_AUTHORIZATION",
        ask->bearer ? p->authorization : ask->authorization);
    add(p, "HTTP_ORIGIN", ask->origin);
    add(p, "HTTP_HOST", ask->host ? ask->host : "kith.test");
    add(p, "HTTP_SEC_FETCH_SITE", ask->site);
    if (ask->body)
        add(p, "CONTENT_LENGTH", p->length);
}

int worker_send(const struct worker *w, const struct ask *ask)
{
    struct params p;
    int fd = fcgi_connect(w->socket_path);

    fill_params(w, ask, &p);
    fcgi_send_begin(fd, false);
    fcgi_send_params(fd, p.rows);
    fcgi_send_body(fd, (struct span){ask->body, length_of(ask)});
    fcgi_send_body_end(fd);
    return fd;
}

/* Check refuses messages of over about 8000 bytes. */
static struct span start_of(struct span text)
{
    enum { SAID_BYTES = 3500 };

    text.bytes = text.bytes < SAID_BYTES ? text.bytes : SAID_BYTES;
    return text;
}

static void judge(const struct worker *w, const struct ask *ask,
                  const struct answer *a)
{
    struct buf why;
    bool ok;

    buf_init(&why, WHY_BYTES);
    ok = openapi_judge_answer(&reference, method_of(ask), path_of(w, ask),
                              &a->raw, &why);
    ck_assert_msg(ok, "%s %s -> %d %.*s\n%.*s", method_of(ask), path_of(w, ask),
                  a->status, SPAN_ARGS(start_of(buf_view(&why))),
                  SPAN_ARGS(start_of(a->raw.body)));
    buf_release(&why);
}

void worker_receive(const struct worker *w, int fd, const struct ask *ask,
                    struct answer *out)
{
    struct uuid id;
    struct span text;
    struct err err;

    *out = (struct answer){0};
    fcgi_receive(fd, &out->raw);
    ck_assert_msg(out->raw.whole, "%s did not answer", w->role);
    out->status = out->raw.status;
    ck_assert(fcgi_answer_header(&out->raw, "X-Request-Id", &text));
    ck_assert(uuid_find(text, &id));
    if (out->raw.body.bytes)
        ck_assert_msg(json_parse(out->raw.body, JSON_MOST_BYTES, ANSWER_DEPTH,
                                 &out->json, &err),
                      "%s in %.*s", err.what, SPAN_ARGS(out->raw.body));
    judge(w, ask, out);
}

void worker_ask(const struct worker *w, const struct ask *ask,
                struct answer *out)
{
    worker_receive(w, worker_send(w, ask), ask, out);
}

void answer_release(struct answer *a)
{
    json_release(&a->json);
    fcgi_answer_release(&a->raw);
}

/* ---- What an answer says ---- */

static struct json member_of(const struct answer *a, const char *key)
{
    struct json member;

    ck_assert_msg(schema_find(&a->json, span_of(key), &member), "no %s in %.*s",
                  key, SPAN_ARGS(a->raw.body));
    return member;
}

int64_t answer_i64(const struct answer *a, const char *key)
{
    int64_t value = 0;
    struct err err;

    member_of(a, key);
    ck_assert_msg(
        json_find_i64(&a->json, key, INT64_MIN, INT64_MAX, &value, NULL, &err),
        "%s", err.what);
    return value;
}

struct span answer_text(const struct answer *a, const char *key)
{
    struct json member = member_of(a, key);
    struct span text = {NULL, 0};
    struct err err;

    ck_assert_msg(json_text(&member, &text, &err), "%s", err.what);
    return text;
}

bool answer_is_null(const struct answer *a, const char *key)
{
    struct json member = member_of(a, key);

    return json_kind_of(&member) == JSON_NULL;
}

struct json answer_array(const struct answer *a, const char *key)
{
    struct json member = member_of(a, key);

    ck_assert_int_eq(json_kind_of(&member), JSON_ARRAY);
    return member;
}

bool answer_bool(const struct answer *a, const char *key)
{
    bool value = false;
    struct err err;

    member_of(a, key);
    ck_assert_msg(json_find_bool(&a->json, key, &value, NULL, &err), "%s",
                  err.what);
    return value;
}

struct span answer_code(const struct answer *a)
{
    struct span text = {"", 0};
    struct err err;
    bool found;

    if (json_kind_of(&a->json) == JSON_OBJECT)
        ck_assert(json_find_text(&a->json, "code", &text, &found, &err));
    return text;
}

bool span_has(struct span text, const char *piece)
{
    return text.bytes && memmem(text.at, text.bytes, piece, strlen(piece));
}

struct span answer_header(const struct answer *a, const char *name)
{
    struct span value = {NULL, 0};

    ck_assert_msg(fcgi_answer_header(&a->raw, name, &value), "no header %s",
                  name);
    return value;
}

bool answer_cookie_of(const struct answer *a, const char *name, char *out,
                      size_t bytes)
{
    struct span line, pair, found, rest = a->raw.head;

    while (span_cut(&rest, '\n', &line)) {
        if (!span_starts(line, "Set-Cookie: "))
            continue;
        line.at += strlen("Set-Cookie: ");
        line.bytes -= strlen("Set-Cookie: ");
        span_cut(&line, ';', &pair);
        found = pair;
        span_cut(&found, '=', &line);
        if (!span_is(line, name))
            continue;
        snprintf(out, bytes, "%.*s", SPAN_ARGS(pair));
        return true;
    }
    return false;
}

bool answer_cookie(const struct answer *a, char out[STAGE_COOKIE])
{
    return answer_cookie_of(a, "kith", out, STAGE_COOKIE) ||
           answer_cookie_of(a, "__Host-kith", out, STAGE_COOKIE);
}
