/* Kept connections: what they save, and that they starve nobody. */
#include <check.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/fcgi_client.h"
#include "../support/fcgi_loop.h"
#include "web/fcgi.h"

enum {
    BIG_BYTES = 1 << 20,
    SHORT_WAIT_MS = 500, /* of a worker that is to give up a peer */
    WORKERS = 2,
    CLIENTS = 16,
};

/* ---- Workers ---- */

static struct fcgi_loop loop;
static pid_t workers[WORKERS];

/* /gate waits until the test lets it go on. */
static void serve_one(struct http_reply *reply, const struct http_request *r)
{
    buf_span(&reply->body, r->path);
    if (span_is(r->path, "/gate"))
        fcgi_loop_hold();
    if (span_is(r->path, "/big"))
        while (reply->body.bytes < BIG_BYTES)
            buf_char(&reply->body, 'x');
}

static void start(int count)
{
    fcgi_loop_open(&loop, serve_one);
    loop.peer_wait_ms = SHORT_WAIT_MS;
    for (int i = 0; i < count; i++)
        workers[i] = fcgi_loop_start(&loop);
}

static void setup_one(void)
{
    start(1);
}

static void setup_two(void)
{
    start(WORKERS);
}

static void teardown(void)
{
    for (int i = 0; i < WORKERS; i++)
        if (workers[i])
            kill(workers[i], SIGKILL);
    fcgi_loop_close(&loop);
}

/* ---- Clients ---- */

static void ask(int fd, const char *uri, bool keep)
{
    const struct fcgi_param params[] = {
        {"REQUEST_METHOD", "GET"}, {"DOCUMENT_URI", uri}, {NULL, NULL}};

    fcgi_send_begin(fd, keep);
    fcgi_send_params(fd, params);
    fcgi_send_body_end(fd);
}

static int ask_anew(const char *uri, bool keep)
{
    int fd = fcgi_connect(loop.path);

    ask(fd, uri, keep);
    return fd;
}

static bool is_answered(int fd, const char *uri)
{
    struct fcgi_answer a;
    bool ok;

    fcgi_receive_kept(fd, &a);
    ok = a.whole && a.status == 200 && span_is(a.body, uri);
    fcgi_answer_release(&a);
    return ok;
}

static bool is_closed(int fd)
{
    char rest[64];
    ssize_t got;

    while ((got = read(fd, rest, sizeof rest)) > 0)
        ;
    return got == 0;
}

/* Neither closed nor with a byte that nobody asked for. */
static bool is_kept(int fd)
{
    struct pollfd there = {.fd = fd, .events = POLLIN};

    return poll(&there, 1, 0) == 0;
}

static int keep_one(void)
{
    int fd = ask_anew("/first", true);

    ck_assert(is_answered(fd, "/first"));
    return fd;
}

/* ---- One worker ---- */

START_TEST(a_kept_connection_serves_one_request_after_the_other)
{
    int fd = keep_one();

    for (int i = 0; i < 100; i++) {
        ask(fd, "/next", true);
        ck_assert(is_answered(fd, "/next"));
    }
    ck_assert(is_kept(fd));
    close(fd);
}
END_TEST

START_TEST(a_large_answer_arrives_whole_on_a_kept_connection)
{
    struct fcgi_answer a;
    int fd = keep_one();

    ask(fd, "/big", true);
    fcgi_receive_kept(fd, &a);
    ck_assert(a.whole);
    ck_assert_uint_eq(a.body.bytes, BIG_BYTES);
    fcgi_answer_release(&a);
    ask(fd, "/next", true);
    ck_assert(is_answered(fd, "/next"));
    close(fd);
}
END_TEST

START_TEST(a_connection_that_need_not_be_kept_is_closed)
{
    int fd = ask_anew("/", false);

    ck_assert(is_answered(fd, "/"));
    ck_assert(is_closed(fd));
    close(fd);
}
END_TEST

START_TEST(a_connection_is_not_kept_beyond_an_answer_while_somebody_waits)
{
    int first = ask_anew("/gate", true), second;
    char byte;

    fcgi_loop_await(1);
    second = ask_anew("/second", true);
    fcgi_loop_free(1);
    ck_assert(is_answered(first, "/gate"));
    ck_assert_int_eq(read(first, &byte, 1),
                     1); /* closed by intent: see below */
    ck_assert(is_closed(first));
    ck_assert(is_answered(second, "/second"));
    close(first);
    close(second);
}
END_TEST

/* nginx keeps a connection whose last bytes are the end of the request. */
START_TEST(a_connection_about_to_be_closed_says_more_than_the_end)
{
    char byte;
    int fd = ask_anew("/", false);

    ck_assert(is_answered(fd, "/"));
    ck_assert_int_eq(read(fd, &byte, 1), 1);
    close(fd);
}
END_TEST

START_TEST(a_silent_kept_connection_makes_room_for_a_newcomer)
{
    int kept = keep_one(), fd = ask_anew("/newcomer", false);

    ck_assert(is_answered(fd, "/newcomer"));
    ck_assert(is_closed(kept));
    close(kept);
    close(fd);
}
END_TEST

START_TEST(the_end_of_a_kept_connection_is_no_request)
{
    int fd;

    close(keep_one());
    fd = ask_anew("/again", false);
    ck_assert(is_answered(fd, "/again"));
    close(fd);
}
END_TEST

START_TEST(a_peer_that_stops_half_way_on_a_kept_connection_is_given_up)
{
    int kept = keep_one(), fd;

    fcgi_send_begin(kept, true); /* and then nothing, with the line open */
    fd = ask_anew("/again", false);
    ck_assert(is_answered(fd, "/again"));
    ck_assert(is_closed(kept));
    close(kept);
    close(fd);
}
END_TEST

START_TEST(a_body_cut_short_ends_a_kept_connection)
{
    const struct fcgi_param params[] = {{"REQUEST_METHOD", "POST"},
                                        {"DOCUMENT_URI", "/"},
                                        {"CONTENT_LENGTH", "9"},
                                        {NULL, NULL}};
    int kept = keep_one();

    fcgi_send_begin(kept, true);
    fcgi_send_params(kept, params);
    fcgi_send_body(kept, SPAN("half")); /* its end never comes */
    ck_assert(is_answered(kept, "/"));
    ck_assert(is_closed(kept));
    close(kept);
}
END_TEST

START_TEST(sigterm_ends_a_worker_that_waits_on_a_kept_connection)
{
    int kept = keep_one();

    kill(workers[0], SIGTERM);
    ck_assert_int_eq(fcgi_wait_end(workers[0]), EXIT_SUCCESS);
    ck_assert(is_closed(kept));
    close(kept);
}
END_TEST

START_TEST(what_is_on_a_kept_connection_before_sigterm_is_answered)
{
    int kept = keep_one(), status;

    kill(workers[0], SIGSTOP);
    waitpid(workers[0], &status, WUNTRACED);
    ask(kept, "/last", true);
    kill(workers[0], SIGTERM);
    kill(workers[0], SIGCONT);
    ck_assert(is_answered(kept, "/last"));
    ck_assert(is_closed(kept));
    ck_assert_int_eq(fcgi_wait_end(workers[0]), EXIT_SUCCESS);
    close(kept);
}
END_TEST

/* ---- Two workers ---- */

/* All want their connections kept, and ask for nothing more on them. */
START_TEST(sixteen_clients_of_two_workers_are_all_served)
{
    int fds[CLIENTS];

    for (int i = 0; i < CLIENTS; i++)
        fds[i] = ask_anew("/", true);
    for (int i = 0; i < CLIENTS; i++)
        ck_assert(is_answered(fds[i], "/"));
    for (int i = 0; i < CLIENTS; i++)
        close(fds[i]);
}
END_TEST

/* Half of them never let their connection rest. */
START_TEST(clients_that_ask_without_pause_do_not_keep_others_waiting)
{
    enum { ROUNDS = 50 };
    int busy[WORKERS], fd;

    for (int i = 0; i < WORKERS; i++)
        busy[i] = ask_anew("/busy", true);
    for (int round = 0; round < ROUNDS; round++) {
        fd = ask_anew("/other", true);
        for (int i = 0; i < WORKERS; i++) {
            /* One that was closed in favour of another comes anew. */
            if (is_answered(busy[i], "/busy")) {
                ask(busy[i], "/busy", true);
                continue;
            }
            close(busy[i]);
            busy[i] = ask_anew("/busy", true);
        }
        ck_assert(is_answered(fd, "/other"));
        close(fd);
    }
    for (int i = 0; i < WORKERS; i++)
        close(busy[i]);
}
END_TEST

START_TEST(idle_kept_connections_hold_up_no_slow_requests)
{
    int idle[WORKERS], slow[2 * WORKERS];

    for (int i = 0; i < WORKERS; i++)
        idle[i] = keep_one();
    for (int i = 0; i < 2 * WORKERS; i++)
        slow[i] = ask_anew("/gate", true);
    fcgi_loop_await(WORKERS); /* both workers are at it */
    fcgi_loop_free(2 * WORKERS);
    for (int i = 0; i < 2 * WORKERS; i++) {
        ck_assert(is_answered(slow[i], "/gate"));
        close(slow[i]);
    }
    for (int i = 0; i < WORKERS; i++)
        close(idle[i]);
}
END_TEST

/* It yields for a moment only, so on a busy machine not every time. */
START_TEST(a_newcomer_goes_to_the_worker_without_a_connection)
{
    enum { TRIES = 50 };
    bool kept_both = false;

    for (int i = 0; i < TRIES && !kept_both; i++) {
        int first = keep_one(), second = keep_one();

        kept_both = is_kept(first) && is_kept(second);
        close(first);
        close(second);
    }
    ck_assert(kept_both);
}
END_TEST

START_TEST(a_worker_killed_with_its_connection_leaves_the_rest_to_the_other)
{
    int first = keep_one(), fd;

    kill(workers[0], SIGKILL);
    ck_assert_int_eq(fcgi_wait_end(workers[0]), 128 + SIGKILL);
    workers[0] = 0;
    for (int i = 0; i < CLIENTS; i++) {
        fd = ask_anew("/", true);
        ck_assert(is_answered(fd, "/"));
        close(fd);
    }
    close(first);
}
END_TEST

static void add_one(TCase *tc)
{
    tcase_add_test(tc, a_kept_connection_serves_one_request_after_the_other);
    tcase_add_test(tc, a_large_answer_arrives_whole_on_a_kept_connection);
    tcase_add_test(tc, a_connection_that_need_not_be_kept_is_closed);
    tcase_add_test(
        tc, a_connection_is_not_kept_beyond_an_answer_while_somebody_waits);
    tcase_add_test(tc, a_connection_about_to_be_closed_says_more_than_the_end);
    tcase_add_test(tc, a_silent_kept_connection_makes_room_for_a_newcomer);
    tcase_add_test(tc, the_end_of_a_kept_connection_is_no_request);
    tcase_add_test(tc,
                   a_peer_that_stops_half_way_on_a_kept_connection_is_given_up);
    tcase_add_test(tc, a_body_cut_short_ends_a_kept_connection);
    tcase_add_test(tc, sigterm_ends_a_worker_that_waits_on_a_kept_connection);
    tcase_add_test(tc, what_is_on_a_kept_connection_before_sigterm_is_answered);
}

static void add_two(TCase *tc)
{
    tcase_add_test(tc, sixteen_clients_of_two_workers_are_all_served);
    tcase_add_test(tc,
                   clients_that_ask_without_pause_do_not_keep_others_waiting);
    tcase_add_test(tc, idle_kept_connections_hold_up_no_slow_requests);
    tcase_add_test(tc, a_newcomer_goes_to_the_worker_without_a_connection);
    tcase_add_test(
        tc, a_worker_killed_with_its_connection_leaves_the_rest_to_the_other);
}

int main(void)
{
    Suite *s = suite_create("conn");
    TCase *one = tcase_create("one worker"), *two = tcase_create("two workers");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(one, setup_one, teardown);
    tcase_add_checked_fixture(two, setup_two, teardown);
    tcase_set_timeout(one, 60);
    tcase_set_timeout(two, 60);
    add_one(one);
    add_two(two);
    suite_add_tcase(s, one);
    suite_add_tcase(s, two);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
