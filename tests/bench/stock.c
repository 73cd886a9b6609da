/*
 * stock.c -- a FastCGI worker as one writes it with libfcgi alone, that answers
 * every request with the bytes of one file: accept, answer, accept.
 *
 *     stock FILE    the socket is descriptor 0, as for our workers
 */
#include <fcgiapp.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"

enum { BODY_MOST = 1 << 20 };

int main(int argc, char **argv)
{
    struct span text;
    struct err err;
    FCGX_Request request;

    if (argc != 2) {
        fprintf(stderr, "usage: stock FILE\n");
        return EXIT_FAILURE;
    }
    if (!file_read(argv[1], BODY_MOST, &text, &err)) {
        fprintf(stderr, "stock: %s\n", err.what);
        return EXIT_FAILURE;
    }
    FCGX_Init();
    FCGX_InitRequest(&request, 0, 0);
    while (FCGX_Accept_r(&request) == 0) {
        const char *id = FCGX_GetParam("REQUEST_ID", request.envp);

        FCGX_FPrintF(request.out,
                     "Status: 200 OK\r\nContent-Type: application/json\r\n"
                     "X-Request-Id: %s\r\nCache-Control: no-store\r\n"
                     "Content-Length: %d\r\n\r\n",
                     id ? id : "-", (int)text.bytes);
        FCGX_PutStr(text.at, (int)text.bytes, request.out);
    }
    return EXIT_SUCCESS;
}
