/*
 * constant.c -- a FastCGI worker that answers every request with the bytes of
 * one file: what nginx and FastCGI cost by themselves.
 *
 *     constant FILE    the socket is descriptor 0, as for our workers
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "web/fcgi.h"

enum { ARENA_BYTES = 1 << 20, BODY_MOST = 1 << 20 };

static struct err err;

static void must(bool ok)
{
    if (ok)
        return;
    fprintf(stderr, "constant: %s\n", err.what);
    exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
    struct span text;
    struct arena arena;
    struct http_reply reply;
    struct http_request request;
    struct fcgi *fcgi;

    if (argc != 2) {
        fprintf(stderr, "usage: constant FILE\n");
        return EXIT_FAILURE;
    }
    must(file_read(argv[1], BODY_MOST, &text, &err));
    must(arena_init(&arena, ARENA_BYTES, &err));
    must(fcgi_open(&fcgi, &err));
    http_reply_init(&reply, BODY_MOST);
    while (fcgi_next(fcgi, &arena, BODY_MOST, &request)) {
        http_header(&reply, "Cache-Control", SPAN("no-store"));
        buf_span(&reply.body, text);
        fcgi_answer(fcgi, &reply);
        http_reply_reset(&reply);
        arena_reset(&arena);
    }
    fcgi_close(fcgi);
    return EXIT_SUCCESS;
}
