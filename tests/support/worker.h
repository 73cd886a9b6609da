/*
 * worker.h -- the real workers, started for one test and asked without nginx.
 *
 * Use      main:  stage_create();
 *          test:  struct stage s; struct worker w; struct answer a;
 *                 stage_open(&s);
 *                 stage_set("KITH_DEMO", "1");
 *                 worker_start(&w, &s, "feeds");
 *                 worker_ask(&w, &(struct ask){.bearer = token}, &a);
 *                 ..; answer_release(&a);
 * Judged   every answer is whole, has a request id and valid JSON, and is
 *          what static/openapi.json says (answers of fixed kinds in full).
 * Own      each program has a database and a folder with socket, keys, model
 *          and logs; each test finds them empty. Workers end with their test.
 * Logs     of the workers go to a file; WORKER_LOG=1 shows them.
 * Needs    a build folder with bin/ beside tests/, DB_URL (with_pg.sh), and
 *          the repository's top as working directory.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/config.h"
#include "base/uuid.h"
#include "fcgi_client.h"
#include "store/db.h"
#include "web/json.h"
#include "web/token.h"

enum {
    STAGE_PATH = 128,
    STAGE_TOKEN = TOKEN_TEXT_MOST + 1,
    STAGE_COOKIE = TOKEN_TEXT_MOST + 32,
};

/* What the workers of one test share. */
struct stage {
    char keys_path[STAGE_PATH], model_path[STAGE_PATH];
    struct token_keys keys;
    struct db db; /* the test's own, straight to the server */
};

/* Once, in main: database and folder, removed at exit. */
void stage_create(void);
/* At the start of a test: nothing stored, one key, no model, settings at
 * their defaults but for the paths. */
void stage_open(struct stage *s);
void stage_close(struct stage *s);

const char *stage_folder(void);
/* Where the programs of this build are. */
const char *stage_bin(void);
/* A path inside the folder. */
void stage_path(const char *name, char out[STAGE_PATH]);
/* A setting for workers started from now on. */
void stage_set(const char *variable, const char *value);
/* The settings as a worker reads them. */
struct config stage_config(void);
/* Writes the keys file anew and reads it. */
void stage_keys(struct stage *s, const char *text);

/* A token good for a year from now; with times of its own. */
void stage_token(const struct stage *s, struct uuid user,
                 char out[STAGE_TOKEN]);
void stage_token_at(const struct stage *s, struct uuid user,
                    int64_t issued_at_ms, int64_t expires_at_ms,
                    char out[STAGE_TOKEN]);

/* Trains on what is stored and publishes the model. */
void stage_train(struct stage *s);
/* The number that SQL gives. */
int64_t stage_count(struct stage *s, const char *sql);

struct worker {
    char role[16];
    char socket_path[STAGE_PATH], log_path[STAGE_PATH];
    const char *path; /* the role's endpoint, asked when an ask names none */
    int listen_fd;
    pid_t pid;
};

/* role: "track", "feeds" or "admin"; returns before it answers. */
void worker_start(struct worker *w, const struct stage *s, const char *role);
/* Another process on the same socket. */
pid_t worker_more(const struct worker *w);
/* Waits until it is up, then SIGTERM; the exit status, 0 when there is none. */
int worker_stop(struct worker *w);
int worker_end(pid_t pid);
/* All it has logged; heap memory, never NULL. */
char *worker_log(const struct worker *w);

/* Absent members are not sent; `method` NULL is GET, or POST with a body. */
struct ask {
    const char *method, *path, *query;
    const char *type; /* NULL with a body: application/json; "": none */
    const char *body;
    size_t body_bytes; /* 0: that of the text */
    const char *cookie, *bearer, *authorization;
    const char *origin, *host, *site;
    struct fcgi_param more[3];
};

struct answer {
    int status;
    struct fcgi_answer raw;
    struct json json; /* JSON_NULL when there is no body */
};

int worker_send(const struct worker *w, const struct ask *ask);
void worker_receive(const struct worker *w, int fd, const struct ask *ask,
                    struct answer *out);
void worker_ask(const struct worker *w, const struct ask *ask,
                struct answer *out);
void answer_release(struct answer *a);

/* The member, or a failed test. */
int64_t answer_i64(const struct answer *a, const char *key);
struct span answer_text(const struct answer *a, const char *key);
bool answer_is_null(const struct answer *a, const char *key);
struct json answer_array(const struct answer *a, const char *key);
bool answer_bool(const struct answer *a, const char *key);
/* `code` of a problem, "" for anything else. */
struct span answer_code(const struct answer *a);

/* The reader's token that the answer sets, as "kith=VALUE"; false when it sets
 * none. */
bool answer_cookie(const struct answer *a, char out[STAGE_COOKIE]);
/* The same for any cookie, as "name=VALUE". */
bool answer_cookie_of(const struct answer *a, const char *name, char *out,
                      size_t bytes);
bool span_has(struct span text, const char *piece);
/* The header, or a failed test. */
struct span answer_header(const struct answer *a, const char *name);
