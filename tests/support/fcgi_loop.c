#include "fcgi_loop.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fcgi_client.h"

enum { REPLY_MOST_BYTES = 1 << 24 };

static int gate[2], entered[2], ready[2];

void fcgi_loop_open(struct fcgi_loop *l,
                    void (*answer)(struct http_reply *,
                                   const struct http_request *))
{
    l->answer = answer;
    l->peer_wait_ms = FCGI_PEER_WAIT_MS;
    fcgi_folder_make(l->folder);
    snprintf(l->path, sizeof l->path, "%s/s", l->folder);
    l->listen_fd = fcgi_listen(l->path);
    ck_assert_int_eq(pipe(gate), 0);
    ck_assert_int_eq(pipe(entered), 0);
    ck_assert_int_eq(pipe(ready), 0);
}

void fcgi_loop_close(const struct fcgi_loop *l)
{
    fcgi_folder_remove(l->folder);
}

static int serve(const struct fcgi_loop *l)
{
    struct fcgi *f;
    struct arena a;
    struct err err;
    struct http_reply reply;
    struct http_request r;

    if (!fcgi_open(&f, &err) || !arena_init(&a, FCGI_LOOP_ARENA_BYTES, &err))
        return EXIT_FAILURE;
    fcgi_peer_wait(f, l->peer_wait_ms);
    if (write(ready[1], "", 1) != 1)
        return EXIT_FAILURE;
    http_reply_init(&reply, REPLY_MOST_BYTES);
    while (arena_reset(&a), fcgi_next(f, &a, FCGI_LOOP_BODY_MOST_BYTES, &r)) {
        http_reply_reset(&reply);
        l->answer(&reply, &r);
        fcgi_answer(f, &reply);
    }
    http_reply_release(&reply);
    arena_release(&a);
    fcgi_close(f);
    return EXIT_SUCCESS;
}

pid_t fcgi_loop_start(const struct fcgi_loop *l)
{
    pid_t pid = fork();
    char byte;

    if (pid) {
        ck_assert_int_eq(read(ready[0], &byte, 1), 1);
        return pid;
    }
    /* Check's own handlers would end the whole group. */
    sigaction(SIGTERM, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
    sigaction(SIGINT, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
    dup2(l->listen_fd, 0);
    close(l->listen_fd);
    exit(serve(l));
}

void fcgi_loop_hold(void)
{
    char byte = 0;

    if (write(entered[1], &byte, 1) != 1 || read(gate[0], &byte, 1) != 1)
        _exit(EXIT_FAILURE);
}

void fcgi_loop_await(int count)
{
    char byte;

    for (int i = 0; i < count; i++)
        ck_assert_int_eq(read(entered[0], &byte, 1), 1);
}

void fcgi_loop_free(int count)
{
    for (int i = 0; i < count; i++)
        ck_assert_int_eq(write(gate[1], "", 1), 1);
}
