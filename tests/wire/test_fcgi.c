#define _GNU_SOURCE /* memmem */
#include <check.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/fcgi_client.h"
#include "../support/fcgi_loop.h"
#include "web/fcgi.h"
#include "web/json_write.h"

enum {
    BIG_BYTES = 1 << 23,
    SHORT_WAIT_MS = 500, /* of a worker that is to give up a peer */
};

/* ---- The worker: tells what it was sent ---- */

static struct fcgi_loop loop;
static pid_t worker;

static void tell(struct http_reply *reply, const struct http_request *r)
{
    static const char *const states[] = {"ok", "too_large", "short"};
    struct json_write w;

    json_write_init(&w, &reply->body);
    json_write_object(&w, NULL);
    json_write_word(&w, "method", http_method_name(r->method));
    json_write_text(&w, "path", r->path);
    json_write_text(&w, "query", r->query);
    json_write_word(&w, "state", states[r->body_state]);
    json_write_text(&w, "body", r->body);
    json_write_text(&w, "type", r->content_type);
    json_write_text(&w, "cookie", r->cookie);
    json_write_text(&w, "authorization", r->authorization);
    json_write_text(&w, "origin", r->origin);
    json_write_text(&w, "host", r->host);
    json_write_text(&w, "site", r->sec_fetch_site);
    json_write_text(&w, "peer", r->remote_addr);
    json_write_bool(&w, "https", r->https);
    json_write_bool(&w, "gpc", r->gpc);
    json_write_bool(&w, "dnt", r->dnt);
    json_write_end(&w);
}

static void serve_one(struct http_reply *reply, const struct http_request *r)
{
    tell(reply, r);
    if (span_is(r->path, "/gate"))
        fcgi_loop_hold();
    if (span_is(r->path, "/stop"))
        fcgi_stop();
    if (span_is(r->path, "/split"))
        http_header(reply, "X-Odd", SPAN("a\r\nSet-Cookie: b"));
    if (span_is(r->path, "/nothing"))
        reply->status = 204;
    if (span_is(r->path, "/big")) {
        buf_reset(&reply->body);
        for (size_t i = 0; i < BIG_BYTES; i++)
            buf_char(&reply->body, 'x');
    }
}

/* ---- Helpers ---- */

static void setup(void)
{
    fcgi_loop_open(&loop, serve_one);
    worker = fcgi_loop_start(&loop);
}

static void teardown(void)
{
    kill(worker, SIGKILL);
    fcgi_loop_close(&loop);
}

static void params_of(struct fcgi_param out[5], const char *method,
                      const char *uri)
{
    out[0] = (struct fcgi_param){"REQUEST_METHOD", method};
    out[1] = (struct fcgi_param){"DOCUMENT_URI", uri};
    out[2] = out[3] = out[4] = (struct fcgi_param){NULL, NULL};
}

static void call(const char *method, const char *uri, struct span body,
                 struct fcgi_answer *out)
{
    struct fcgi_param params[5];

    params_of(params, method, uri);
    fcgi_call(loop.path, params, body, out);
}

static bool says(const struct fcgi_answer *a, const char *piece)
{
    return a->body.bytes &&
           memmem(a->body.at, a->body.bytes, piece, strlen(piece));
}

/* The worker still serves: the check behind every kind of mischief. */
static void still_serves(void)
{
    struct fcgi_answer a;

    call("GET", "/again", SPAN(""), &a);
    ck_assert(a.whole);
    ck_assert_int_eq(a.status, 200);
    ck_assert(says(&a, "\"path\":\"/again\""));
    fcgi_answer_release(&a);
}

static void ends_well(void)
{
    ck_assert_int_eq(fcgi_wait_end(worker), EXIT_SUCCESS);
}

/* Everything sent has been read by the worker. */
static void wait_until_read(int fd)
{
    int unread = 1;

    while (unread && ioctl(fd, SIOCOUTQ, &unread) == 0 && unread)
        poll(NULL, 0, 1);
}

static int send_request(const char *uri)
{
    struct fcgi_param params[5];
    int fd = fcgi_connect(loop.path);

    params_of(params, "GET", uri);
    fcgi_send_begin(fd, false);
    fcgi_send_params(fd, params);
    fcgi_send_body_end(fd);
    return fd;
}

/* ---- What comes in and goes out ---- */

START_TEST(a_request_arrives_as_it_was_sent)
{
    const struct fcgi_param params[] = {
        {"REQUEST_METHOD", "POST"},
        {"DOCUMENT_URI", "/api/track"},
        {"QUERY_STRING", "a=%20b"},
        {"CONTENT_TYPE", "text/plain;charset=UTF-8"},
        {"HTTP_COOKIE", "kith=1"},
        {"HTTP_AUTHORIZATION", "Bearer t"},
        {"HTTP_ORIGIN", "https://o"},
        {"HTTP_HOST", "h:1"},
        {"HTTP_SEC_FETCH_SITE", "same-origin"},
        {"REMOTE_ADDR", "192.0.2.7"},
        {"HTTPS", "on"},
        {"HTTP_SEC_GPC", "1"},
        {"HTTP_DNT", "0"},
        {"REQUEST_ID", "00112233445566778899aabbccddeeff"},
        {NULL, NULL},
    };
    struct fcgi_answer a;
    struct span value;

    fcgi_call(loop.path, params, SPAN("{\"x\":1}"), &a);
    ck_assert(a.whole);
    ck_assert(span_is(
        a.body,
        "{\"method\":\"POST\",\"path\":\"/api/track\",\"query\":\"a=%20b\","
        "\"state\":\"ok\",\"body\":\"{\\\"x\\\":1}\","
        "\"type\":\"text/plain;charset=UTF-8\",\"cookie\":\"kith=1\","
        "\"authorization\":\"Bearer t\",\"origin\":\"https://o\","
        "\"host\":\"h:1\",\"site\":\"same-origin\",\"peer\":\"192.0.2.7\","
        "\"https\":true,\"gpc\":true,\"dnt\":false}"));
    ck_assert(fcgi_answer_header(&a, "x-request-id", &value));
    ck_assert(span_is(value, "00112233-4455-6677-8899-aabbccddeeff"));
    ck_assert(fcgi_answer_header(&a, "content-type", &value));
    ck_assert(span_is(value, "application/json"));
    fcgi_answer_release(&a);
}
END_TEST

START_TEST(a_request_without_an_id_gets_a_time_ordered_one)
{
    struct fcgi_answer a;
    struct span value;
    struct uuid id;

    call("GET", "/", SPAN(""), &a);
    ck_assert(fcgi_answer_header(&a, "X-Request-Id", &value));
    ck_assert(uuid_find(value, &id));
    ck_assert_int_eq(value.at[14], '7');
    fcgi_answer_release(&a);
}
END_TEST

START_TEST(head_gets_the_headers_of_get_and_no_body)
{
    struct fcgi_answer get, head;
    struct span a, b;

    call("GET", "/x", SPAN(""), &get);
    call("HEAD", "/x", SPAN(""), &head);
    ck_assert_uint_eq(head.body.bytes, 0);
    ck_assert_int_eq(head.status, 200);
    ck_assert(fcgi_answer_header(&get, "Content-Length", &a));
    ck_assert(fcgi_answer_header(&head, "Content-Length", &b));
    /* "HEAD" is one letter longer than "GET" in what the worker tells. */
    ck_assert_uint_eq(get.body.bytes, 183);
    ck_assert(span_is(a, "183"));
    ck_assert(span_is(b, "184"));
    fcgi_answer_release(&get);
    fcgi_answer_release(&head);
}
END_TEST

START_TEST(a_204_has_neither_body_nor_length)
{
    struct fcgi_answer a;
    struct span value;

    call("GET", "/nothing", SPAN(""), &a);
    ck_assert_int_eq(a.status, 204);
    ck_assert_uint_eq(a.body.bytes, 0);
    ck_assert(!fcgi_answer_header(&a, "Content-Length", &value));
    fcgi_answer_release(&a);
}
END_TEST

START_TEST(a_large_answer_arrives_whole)
{
    struct fcgi_answer a;

    call("GET", "/big", SPAN(""), &a);
    ck_assert(a.whole);
    ck_assert_uint_eq(a.body.bytes, BIG_BYTES);
    fcgi_answer_release(&a);
}
END_TEST

START_TEST(a_header_with_a_line_break_becomes_problem_internal)
{
    struct fcgi_answer a;
    struct span value;

    call("GET", "/split", SPAN(""), &a);
    ck_assert_int_eq(a.status, 500);
    ck_assert(says(&a, "\"code\":\"internal\""));
    ck_assert(!fcgi_answer_header(&a, "Set-Cookie", &value));
    fcgi_answer_release(&a);
    still_serves();
}
END_TEST

START_TEST(many_requests_in_a_row_are_all_answered)
{
    for (int i = 0; i < 500; i++)
        still_serves();
}
END_TEST

/* ---- Bodies ---- */

static void body_is(size_t bytes, const char *announced, const char *state)
{
    static char body[3 * FCGI_LOOP_BODY_MOST_BYTES];
    char piece[32];
    struct fcgi_param params[5];
    struct fcgi_answer a;

    memset(body, 'b', sizeof body);
    params_of(params, "POST", "/");
    if (announced)
        params[2] = (struct fcgi_param){"CONTENT_LENGTH", announced};
    fcgi_call(loop.path, params, (struct span){body, bytes}, &a);
    snprintf(piece, sizeof piece, "\"state\":\"%s\"", state);
    ck_assert_msg(says(&a, piece), "%zu bytes announced as %s: %.*s", bytes,
                  announced ? announced : "(all)", SPAN_ARGS(a.body));
    ck_assert_int_eq(says(&a, "bbbb"), !strcmp(state, "ok"));
    fcgi_answer_release(&a);
    still_serves();
}

START_TEST(a_body_as_large_as_the_limit_is_taken)
{
    body_is(FCGI_LOOP_BODY_MOST_BYTES, NULL, "ok");
}
END_TEST

START_TEST(a_body_over_the_limit_is_drained_and_marked)
{
    body_is(FCGI_LOOP_BODY_MOST_BYTES + 1, NULL, "too_large");
    body_is(3 * FCGI_LOOP_BODY_MOST_BYTES, NULL, "too_large");
}
END_TEST

START_TEST(a_body_over_the_limit_is_too_large_whatever_it_announces)
{
    body_is(FCGI_LOOP_BODY_MOST_BYTES + 1, "10", "too_large");
}
END_TEST

START_TEST(a_body_shorter_than_announced_is_marked)
{
    body_is(100, "101", "short");
    body_is(100, "99999999999999999999999", "short");
}
END_TEST

START_TEST(a_body_longer_than_announced_is_marked)
{
    body_is(100, "99", "short");
    body_is(100, "0", "short");
}
END_TEST

START_TEST(an_unreadable_content_length_is_marked)
{
    body_is(100, "many", "short");
    body_is(100, "-1", "short");
}
END_TEST

START_TEST(a_body_without_content_length_ends_with_its_stream)
{
    body_is(100, "", "ok");
}
END_TEST

START_TEST(a_request_larger_than_the_arena_is_answered_503)
{
    static char cookie[FCGI_LOOP_ARENA_BYTES + 1];
    struct fcgi_param params[5];
    struct fcgi_answer a;

    memset(cookie, 'c', sizeof cookie - 1);
    params_of(params, "GET", "/");
    params[2] = (struct fcgi_param){"HTTP_COOKIE", cookie};
    fcgi_call(loop.path, params, SPAN(""), &a);
    ck_assert_int_eq(a.status, 503);
    ck_assert(says(&a, "\"code\":\"unavailable\""));
    fcgi_answer_release(&a);
    still_serves();
}
END_TEST

/* ---- Peers that misbehave ---- */

START_TEST(a_client_gone_before_its_answer_harms_nobody)
{
    int fd = send_request("/gate");

    fcgi_loop_await(1);
    close(fd);
    fcgi_loop_free(1);
    fd = send_request("/big");
    close(fd);
    still_serves();
}
END_TEST

START_TEST(a_client_gone_in_the_middle_of_a_body_harms_nobody)
{
    struct fcgi_param params[5];
    int fd = fcgi_connect(loop.path);

    params_of(params, "POST", "/");
    params[2] = (struct fcgi_param){"CONTENT_LENGTH", "1000"};
    fcgi_send_begin(fd, false);
    fcgi_send_params(fd, params);
    fcgi_send_body(fd, SPAN("half"));
    close(fd);
    still_serves();
}
END_TEST

static const struct {
    const char *what;
    const unsigned char bytes[24];
    size_t count;
} mischief[] = {
    {"nothing at all", {0}, 0},
    {"half a header", {1, 1, 0}, 3},
    {"wrong version", {9, 1, 0, 1, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0}, 16},
    {"unknown role", {1, 1, 0, 1, 0, 8, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0}, 16},
    {"begin of wrong length", {1, 1, 0, 1, 0, 2, 0, 0, 0, 1}, 10},
    {"abort at once", {1, 2, 0, 1, 0, 0, 0, 0}, 8},
    {"body at once", {1, 5, 0, 1, 0, 2, 0, 0, 'h', 'i'}, 10},
    {"begin, then abort",
     {1, 1, 0, 1, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 2, 0, 1, 0, 0, 0, 0},
     24},
    {"two begins",
     {1, 1, 0, 1, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 0, 1, 0, 8, 0, 0},
     24},
    {"unknown type", {1, 77, 0, 1, 0, 0, 0, 0}, 8},
    {"an HTTP request", "GET / HTTP/1.1\r\n\r\n", 18},
};

START_TEST(garbage_ends_the_connection_and_nothing_else)
{
    int fd = fcgi_connect(loop.path);

    fcgi_send_bytes(fd, mischief[_i].bytes, mischief[_i].count);
    shutdown(fd, SHUT_WR);
    still_serves();
    close(fd);
    kill(worker, SIGTERM);
    ends_well();
}
END_TEST

static void use_impatient_worker(void)
{
    still_serves();
    kill(worker, SIGTERM);
    ends_well();
    loop.peer_wait_ms = SHORT_WAIT_MS;
    worker = fcgi_loop_start(&loop);
}

START_TEST(a_peer_that_stops_half_way_is_given_up)
{
    int fd;

    use_impatient_worker();
    fd = fcgi_connect(loop.path);
    fcgi_send_begin(fd, false); /* and then nothing, with the line open */
    still_serves();
    close(fd);
}
END_TEST

START_TEST(a_peer_that_does_not_read_its_answer_is_given_up)
{
    int fd;

    use_impatient_worker();
    fd = send_request("/big"); /* never read */
    still_serves();
    close(fd);
}
END_TEST

/* ---- Stopping ---- */

START_TEST(sigterm_ends_an_idle_worker)
{
    still_serves();
    kill(worker, SIGTERM);
    ends_well();
}
END_TEST

START_TEST(sigint_ends_an_idle_worker)
{
    still_serves();
    kill(worker, SIGINT);
    ends_well();
}
END_TEST

START_TEST(sigterm_lets_the_running_request_finish)
{
    struct fcgi_answer a;
    int fd = send_request("/gate");

    fcgi_loop_await(1);
    kill(worker, SIGTERM);
    fcgi_loop_free(1);
    fcgi_receive(fd, &a);
    ck_assert(a.whole);
    ck_assert_int_eq(a.status, 200);
    fcgi_answer_release(&a);
    ends_well();
}
END_TEST

START_TEST(sigterm_lets_a_body_arrive)
{
    struct fcgi_param params[5];
    struct fcgi_answer a;
    int fd = fcgi_connect(loop.path);

    params_of(params, "POST", "/");
    params[2] = (struct fcgi_param){"CONTENT_LENGTH", "10"};
    fcgi_send_begin(fd, false);
    fcgi_send_params(fd, params);
    fcgi_send_body(fd, SPAN("first"));
    wait_until_read(fd);
    kill(worker, SIGTERM);
    fcgi_send_body(fd, SPAN("-last"));
    fcgi_send_body_end(fd);
    fcgi_receive(fd, &a);
    ck_assert(says(&a, "\"state\":\"ok\",\"body\":\"first-last\""));
    fcgi_answer_release(&a);
    ends_well();
}
END_TEST

START_TEST(sigterm_lets_an_answer_be_written)
{
    struct fcgi_answer a;
    struct pollfd there;
    int fd = send_request("/big");

    there = (struct pollfd){.fd = fd, .events = POLLIN};
    ck_assert_int_eq(poll(&there, 1, -1), 1); /* it writes, we do not read */
    kill(worker, SIGTERM);
    fcgi_receive(fd, &a);
    ck_assert(a.whole);
    ck_assert_uint_eq(a.body.bytes, BIG_BYTES);
    fcgi_answer_release(&a);
    ends_well();
}
END_TEST

START_TEST(sigterm_ends_a_worker_that_always_has_work)
{
    enum { WAITING = 20 };
    struct fcgi_answer a;
    int running = send_request("/gate"), waiting[WAITING];

    fcgi_loop_await(1);
    for (int i = 0; i < WAITING; i++)
        waiting[i] = send_request("/");
    kill(worker, SIGTERM);
    fcgi_loop_free(1);
    fcgi_receive(running, &a);
    ck_assert(a.whole);
    fcgi_answer_release(&a);
    ends_well();

    /* Those who waited are served by the next worker on the same socket. */
    worker = fcgi_loop_start(&loop);
    for (int i = 0; i < WAITING; i++) {
        fcgi_receive(waiting[i], &a);
        ck_assert(a.whole);
        fcgi_answer_release(&a);
    }
}
END_TEST

START_TEST(a_worker_can_ask_itself_to_stop)
{
    struct fcgi_answer a;

    call("GET", "/stop", SPAN(""), &a);
    ck_assert(a.whole);
    fcgi_answer_release(&a);
    ends_well();
}
END_TEST

START_TEST(workers_on_one_socket_share_the_work_and_all_stop)
{
    enum { MORE = 3, CALLS = 200 };
    pid_t more[MORE];

    for (int i = 0; i < MORE; i++)
        more[i] = fcgi_loop_start(&loop);
    for (int i = 0; i < CALLS; i++) {
        int fds[4];
        struct fcgi_answer a;

        for (int j = 0; j < 4; j++)
            fds[j] = send_request("/");
        for (int j = 0; j < 4; j++) {
            fcgi_receive(fds[j], &a);
            ck_assert(a.whole);
            fcgi_answer_release(&a);
        }
    }
    kill(worker, SIGTERM);
    ends_well();
    for (int i = 0; i < MORE; i++) {
        kill(more[i], SIGTERM);
        ck_assert_int_eq(fcgi_wait_end(more[i]), EXIT_SUCCESS);
    }
}
END_TEST

START_TEST(a_worker_that_loses_the_race_for_a_connection_does_not_block)
{
    still_serves();
    ck_assert(fcntl(loop.listen_fd, F_GETFL) & O_NONBLOCK);
}
END_TEST

START_TEST(a_worker_whose_parent_died_ends)
{
    pid_t parent, orphan;
    int told[2];

    still_serves();
    kill(worker, SIGTERM);
    ends_well();
    ck_assert_int_eq(pipe(told), 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    parent = fork();
    if (!parent) {
        orphan = fcgi_loop_start(&loop);
        still_serves(); /* it has asked to be told */
        _exit(write(told[1], &orphan, sizeof orphan) != sizeof orphan);
    }
    ck_assert_int_eq(read(told[0], &orphan, sizeof orphan), sizeof orphan);
    ck_assert_int_eq(fcgi_wait_end(parent), 0);
    ck_assert_int_eq(fcgi_wait_end(orphan), EXIT_SUCCESS);
}
END_TEST

START_TEST(a_descriptor_that_does_not_listen_is_refused)
{
    struct fcgi *f;
    struct err err = {0};
    int null = open("/dev/null", O_RDONLY);

    dup2(null, 0);
    ck_assert(!fcgi_open(&f, &err));
    ck_assert_int_eq(err.code, ERR_INVALID);
}
END_TEST

static void add_input(TCase *tc)
{
    tcase_add_test(tc, a_request_arrives_as_it_was_sent);
    tcase_add_test(tc, a_request_without_an_id_gets_a_time_ordered_one);
    tcase_add_test(tc, head_gets_the_headers_of_get_and_no_body);
    tcase_add_test(tc, a_204_has_neither_body_nor_length);
    tcase_add_test(tc, a_large_answer_arrives_whole);
    tcase_add_test(tc, a_header_with_a_line_break_becomes_problem_internal);
    tcase_add_test(tc, many_requests_in_a_row_are_all_answered);
    tcase_add_test(tc, a_body_as_large_as_the_limit_is_taken);
    tcase_add_test(tc, a_body_over_the_limit_is_drained_and_marked);
    tcase_add_test(tc,
                   a_body_over_the_limit_is_too_large_whatever_it_announces);
    tcase_add_test(tc, a_body_shorter_than_announced_is_marked);
    tcase_add_test(tc, a_body_longer_than_announced_is_marked);
    tcase_add_test(tc, an_unreadable_content_length_is_marked);
    tcase_add_test(tc, a_body_without_content_length_ends_with_its_stream);
    tcase_add_test(tc, a_request_larger_than_the_arena_is_answered_503);
    tcase_add_test(tc, a_client_gone_before_its_answer_harms_nobody);
    tcase_add_test(tc, a_client_gone_in_the_middle_of_a_body_harms_nobody);
    tcase_add_loop_test(tc, garbage_ends_the_connection_and_nothing_else, 0,
                        sizeof mischief / sizeof mischief[0]);
    tcase_add_test(tc, a_peer_that_stops_half_way_is_given_up);
    tcase_add_test(tc, a_peer_that_does_not_read_its_answer_is_given_up);
}

static void add_stops(TCase *tc)
{
    tcase_add_test(tc, sigterm_ends_an_idle_worker);
    tcase_add_test(tc, sigint_ends_an_idle_worker);
    tcase_add_test(tc, sigterm_lets_the_running_request_finish);
    tcase_add_test(tc, sigterm_lets_a_body_arrive);
    tcase_add_test(tc, sigterm_lets_an_answer_be_written);
    tcase_add_test(tc, sigterm_ends_a_worker_that_always_has_work);
    tcase_add_test(tc, a_worker_can_ask_itself_to_stop);
    tcase_add_test(tc, workers_on_one_socket_share_the_work_and_all_stop);
    tcase_add_test(
        tc, a_worker_that_loses_the_race_for_a_connection_does_not_block);
    tcase_add_test(tc, a_worker_whose_parent_died_ends);
    tcase_add_test(tc, a_descriptor_that_does_not_listen_is_refused);
}

int main(void)
{
    Suite *s = suite_create("fcgi");
    TCase *tc = tcase_create("wire");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    add_input(tc);
    add_stops(tc);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
