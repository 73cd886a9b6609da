/*
 * The copy of a run in MLflow: what is sent, and that nothing MLflow does can
 * fail a training. The server here is a small one of our own that writes down
 * what it is asked; tests/mlflow/run.sh tries a real one.
 */
#define _GNU_SOURCE /* strcasestr */
#include <arpa/inet.h>
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/program.h"
#include "../support/test_db.h"
#include "base/file.h"
#include "base/mem.h"

enum { TEXT = 1024, SECONDS = 60, REQUEST_MOST = 4 << 20, LOG_MOST = 8 << 20 };

static struct program p;
static struct db db;
static char db_url[TEXT], model[TEXT], uri[TEXT], log_path[TEXT];
static const char *settings[] = {db_url,
                                 model,
                                 "KITH_LOG_LEVEL=0",
                                 uri,
                                 "MLFLOW_TRACKING_TOKEN=secret-token",
                                 NULL};

/* ---- the server ---- */

enum mood {
    KIND,     /* answers as MLflow does */
    BROKEN,   /* 500 to everything */
    STERN,    /* 401 to everything */
    BABBLING, /* 200, but no JSON */
    HOSTILE,  /* a run id that would leave its path */
    HALFWAY,  /* refuses the artefact */
    NO_PROXY, /* artefacts lie in a folder of the server */
    MOODS,
};

static pid_t server;

struct reply {
    int status;
    const char *body;
};

static struct reply reply_of(enum mood mood, const char *head)
{
    if (mood == BROKEN)
        return (struct reply){500, "{\"error_code\":\"INTERNAL_ERROR\"}"};
    if (mood == STERN)
        return (struct reply){401, "{\"error_code\":\"UNAUTHENTICATED\"}"};
    if (mood == BABBLING)
        return (struct reply){200, "<html>hello</html>"};
    if (strstr(head, "experiments/get-by-name"))
        return (struct reply){404,
                              "{\"error_code\":\"RESOURCE_DOES_NOT_EXIST\"}"};
    if (strstr(head, "experiments/create"))
        return (struct reply){200, "{\"experiment_id\":\"12\"}"};
    if (strstr(head, "runs/create") && mood == HOSTILE)
        return (struct reply){200, "{\"run\":{\"info\":{\"run_id\":"
                                   "\"../../x\",\"artifact_uri\":\"\"}}}"};
    if (strstr(head, "runs/create") && mood == NO_PROXY)
        return (struct reply){200, "{\"run\":{\"info\":{\"run_id\":\"abc\","
                                   "\"artifact_uri\":\"/srv/x\"}}}"};
    if (strstr(head, "runs/create"))
        return (struct reply){
            200, "{\"run\":{\"info\":{\"run_id\":\"abc\",\"artifact_uri\":"
                 "\"mlflow-artifacts:/12/abc/artifacts\"}}}"};
    if (strstr(head, "mlflow-artifacts") && mood == HALFWAY)
        return (struct reply){403, "{\"error_code\":\"PERMISSION_DENIED\"}"};
    if (strstr(head, "registered-models/create"))
        return (struct reply){400,
                              "{\"error_code\":\"RESOURCE_ALREADY_EXISTS\"}"};
    return (struct reply){200, "{}"};
}

static void note(const char *at, size_t bytes)
{
    FILE *f = fopen(log_path, "a");

    fwrite(at, 1, bytes, f);
    fputc('\n', f);
    fclose(f);
}

/* Reads one request; the head ends with NUL, the body follows. */
static size_t read_request(int fd, char *at, char **body)
{
    size_t bytes = 0, wanted = SIZE_MAX;
    bool told = false;
    ssize_t got;

    *body = NULL;
    while (bytes < wanted && bytes < REQUEST_MOST &&
           (got = read(fd, at + bytes, REQUEST_MOST - bytes)) > 0) {
        bytes += (size_t)got;
        at[bytes] = 0;
        if (!*body && (*body = strstr(at, "\r\n\r\n")) != NULL) {
            const char *length = strcasestr(at, "content-length:");
            **body = 0;
            *body += 4;
            wanted = (size_t)(*body - at) +
                     (length ? strtoul(length + 15, NULL, 10) : 0);
        }
        if (*body && !told && strcasestr(at, "100-continue")) {
            static const char go[] = "HTTP/1.1 100 Continue\r\n\r\n";
            told = write(fd, go, sizeof go - 1) > 0;
        }
    }
    return bytes;
}

static void serve_one(int fd, enum mood mood, char *request)
{
    char *body, answer[TEXT];
    size_t bytes;

    while ((bytes = read_request(fd, request, &body)) > 0 && body) {
        struct reply r = reply_of(mood, request);
        bool put = !strncmp(request, "PUT", 3);

        note(request, strlen(request));
        note(body, put ? 8 : bytes - (size_t)(body - request));
        snprintf(answer, sizeof answer,
                 "HTTP/1.1 %d x\r\nContent-Length: %zu\r\n\r\n%s", r.status,
                 strlen(r.body), r.body);
        if (write(fd, answer, strlen(answer)) < 0)
            break;
    }
}

/* Listens on a port of the system's choice and sets `uri`. */
static int listen_anywhere(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert(bind(fd, (struct sockaddr *)&at, size) == 0 &&
              listen(fd, 8) == 0 &&
              getsockname(fd, (struct sockaddr *)&at, &size) == 0);
    snprintf(uri, sizeof uri, "MLFLOW_TRACKING_URI=http://127.0.0.1:%d/",
             ntohs(at.sin_port));
    return fd;
}

static void start(enum mood mood)
{
    int listener = listen_anywhere();

    server = fork();
    ck_assert_int_ge(server, 0);
    if (!server) {
        char *request = malloc(REQUEST_MOST + 1);
        int fd;

        signal(SIGPIPE, SIG_IGN);
        while ((fd = accept(listener, NULL, NULL)) >= 0) {
            serve_one(fd, mood, request);
            close(fd);
        }
        _exit(EXIT_SUCCESS);
    }
    close(listener);
}

static void stop(void)
{
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
}

/* ---- the tests ---- */

static void set_up(void)
{
    char folder[TEXT];

    snprintf(folder, sizeof folder, "%s/%d", program_folder(), (int)getpid());
    ck_assert_int_eq(mkdir(folder, S_IRWXU), 0);
    snprintf(model, sizeof model, "KITH_MODEL=%.900s/current.kith", folder);
    snprintf(log_path, sizeof log_path, "%.900s/log", folder);
    test_db_open(&db);
    test_db_empty(&db);
    test_db_run(&db, "TRUNCATE runs, run_params, run_metrics, models, "
                     "model_changes");
}

static void tear_down(void)
{
    db_release(&db);
}

static void train(void)
{
    program_kith_run(&p, settings, "train");
    ck_assert_msg(p.code == 0, "exit %d: %s", p.code, p.err);
}

static void assert_run(const char *wanted)
{
    const char *said = test_db_text(&db, "SELECT mlflow FROM runs");

    ck_assert_msg(strstr(said, wanted) != NULL, "no '%s' in '%s'", wanted,
                  said);
}

/* What the server was asked; to be given back with mem_give. */
static struct span asked(void)
{
    struct span text;
    struct err err;

    ck_assert_msg(file_read(log_path, LOG_MOST, &text, &err), "%s", err.what);
    return text;
}

static void assert_asked(struct span log, const char *piece)
{
    ck_assert_msg(memmem(log.at, log.bytes, piece, strlen(piece)) != NULL,
                  "no '%s' in\n%.*s", piece, SPAN_ARGS(log));
}

START_TEST(everything_of_a_run_is_sent)
{
    static const char *const pieces[] = {
        "GET /api/2.0/mlflow/experiments/get-by-name?experiment_name=kith ",
        "POST /api/2.0/mlflow/experiments/create ",
        "{\"name\":\"kith\"}",
        "POST /api/2.0/mlflow/runs/create ",
        "{\"experiment_id\":\"12\",\"start_time\":",
        "{\"key\":\"mlflow.source.git.commit\",\"value\":\"",
        "{\"key\":\"kith.data_hash\",\"value\":\"",
        "{\"key\":\"kith.artefact_sha256\",\"value\":\"",
        "{\"run_id\":\"abc\",\"params\":[{\"key\":\"algorithm\"",
        "{\"key\":\"neighbours\",\"value\":\"100\"}",
        "{\"run_id\":\"abc\",\"metrics\":[",
        "{\"key\":\"users\",\"value\":0,\"timestamp\":",
        "PUT /api/2.0/mlflow-artifacts/artifacts/12/abc/artifacts/model.kith ",
        "KITHMODL",
        "POST /api/2.0/mlflow/registered-models/create ",
        "POST /api/2.0/mlflow/model-versions/create ",
        "\"source\":\"mlflow-artifacts:/12/abc/artifacts/model.kith\"",
        "POST /api/2.0/mlflow/runs/update ",
        "{\"run_id\":\"abc\",\"status\":\"FINISHED\",\"end_time\":",
        "Authorization: Bearer secret-token",
    };
    struct span log;

    start(KIND);
    train();
    stop();
    ck_assert_str_eq(p.err, "");
    ck_assert_str_eq(test_db_text(&db, "SELECT mlflow FROM runs"), "abc");
    log = asked();
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
        assert_asked(log, pieces[i]);
    mem_give((void *)(uintptr_t)log.at);
}
END_TEST

static const struct {
    enum mood mood;
    const char *says;
} moods[] = {
    {BROKEN,
     "failed: mlflow/experiments/get-by-name: HTTP 500, INTERNAL_ERROR"},
    {STERN, "failed: mlflow/experiments/get-by-name: HTTP 401"},
    {BABBLING, "failed: "},
    {HOSTILE, "failed: run_id: not an id"},
    {HALFWAY, "abc failed: mlflow-artifacts/artifacts/12/abc"},
    {NO_PROXY, "abc failed: the server hands out no artefact proxy"},
};

START_TEST(whatever_it_answers_the_training_succeeds)
{
    start(moods[_i].mood);
    train();
    stop();
    assert_run(moods[_i].says);
    ck_assert_msg(strstr(p.err, "warning: MLflow: ") != NULL, "%s", p.err);
    ck_assert(strstr(p.err, "secret-token") == NULL);
    ck_assert_int_eq(test_db_number(&db, "SELECT count(*) FROM model_changes"),
                     1);
}
END_TEST

START_TEST(a_run_that_could_not_be_finished_is_marked_there)
{
    struct span log;

    start(HALFWAY);
    train();
    stop();
    log = asked();
    assert_asked(log, "{\"run_id\":\"abc\",\"status\":\"FAILED\"");
    mem_give((void *)(uintptr_t)log.at);
}
END_TEST

START_TEST(a_server_that_is_away_is_a_warning)
{
    close(listen_anywhere()); /* nobody listens there any more */
    train();
    assert_run("failed: mlflow/experiments/get-by-name: ");
    ck_assert_msg(strstr(p.err, "warning: MLflow: ") != NULL, "%s", p.err);
}
END_TEST

START_TEST(an_address_that_is_none_is_a_warning)
{
    static const char *const bad[] = {"MLFLOW_TRACKING_URI=sqlite:///x.db",
                                      "MLFLOW_TRACKING_URI=file:///etc"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(uri, sizeof uri, "%s", bad[i]);
        test_db_run(&db, "TRUNCATE runs, run_params, run_metrics, models, "
                         "model_changes");
        train();
        assert_run("failed: MLFLOW_TRACKING_URI is no http(s) address");
    }
}
END_TEST

START_TEST(without_the_setting_nothing_is_sent_or_said)
{
    snprintf(uri, sizeof uri, "MLFLOW_TRACKING_URI=");
    train();
    ck_assert_str_eq(p.err, "");
    ck_assert_int_eq(
        test_db_number(&db, "SELECT count(*) FROM runs WHERE mlflow IS NULL"),
        1);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("mlflow");
    TCase *tc = tcase_create("mlflow");
    SRunner *sr = srunner_create(s);
    int failed;

    test_db_create();
    program_folder(); /* makes the folder of all tests */
    snprintf(db_url, sizeof db_url, "KITH_DB_URL=%s", test_db_url());
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_set_timeout(tc, SECONDS);
    tcase_add_test(tc, everything_of_a_run_is_sent);
    tcase_add_loop_test(tc, whatever_it_answers_the_training_succeeds, 0,
                        (int)(sizeof moods / sizeof *moods));
    tcase_add_test(tc, a_run_that_could_not_be_finished_is_marked_there);
    tcase_add_test(tc, a_server_that_is_away_is_a_warning);
    tcase_add_test(tc, an_address_that_is_none_is_a_warning);
    tcase_add_test(tc, without_the_setting_nothing_is_sent_or_said);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
