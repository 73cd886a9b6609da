/*
 * fcgi_client.h -- speaks raw FastCGI (1.0 specification) over a Unix socket,
 * as nginx does, and as nobody should.
 *
 * Use     struct fcgi_answer a;
 *         fcgi_call(path, params, SPAN("{}"), &a); .. fcgi_answer_release(&a);
 *         or, piece by piece: fcgi_connect, fcgi_send_..., fcgi_receive.
 * Errors  a test that cannot even connect or send stops with a message; a
 *         worker that hangs up early shows as `whole` = false.
 * Time    nothing waits longer than FCGI_CLIENT_WAIT_S.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/span.h"

enum { FCGI_CLIENT_WAIT_S = 20 };

enum fcgi_record {
    FCGI_RECORD_BEGIN = 1,
    FCGI_RECORD_ABORT = 2,
    FCGI_RECORD_END = 3,
    FCGI_RECORD_PARAMS = 4,
    FCGI_RECORD_STDIN = 5,
    FCGI_RECORD_STDOUT = 6,
    FCGI_RECORD_STDERR = 7,
};

/* A list of them ends with {NULL, NULL}. */
struct fcgi_param {
    const char *name, *value;
};

struct fcgi_answer {
    bool whole; /* the end-of-request record came */
    int status; /* 0: no head came */
    struct buf text;
    struct span head, body; /* into text */
};

void fcgi_answer_release(struct fcgi_answer *a);
/* Value of a header, names in any case; false when absent. */
bool fcgi_answer_header(const struct fcgi_answer *a, const char *name,
                        struct span *value);

/* Waits until the socket exists and accepts. */
int fcgi_connect(const char *socket_path);
/* One record of at most 65535 bytes, exactly as asked for. */
void fcgi_send_record(int fd, int type, const void *at, size_t bytes);
void fcgi_send_bytes(int fd, const void *at, size_t bytes);
void fcgi_send_begin(int fd, bool keep);
void fcgi_send_params(int fd, const struct fcgi_param *params);
/* The bytes as records of any number; not yet the end of the stream. */
void fcgi_send_body(int fd, struct span body);
void fcgi_send_body_end(int fd);
/* Reads to the end record or the end of the connection; closes fd. */
void fcgi_receive(int fd, struct fcgi_answer *out);
/* The same, for one that was asked to be kept: fd stays open. */
void fcgi_receive_kept(int fd, struct fcgi_answer *out);

/*
 * One whole exchange. CONTENT_LENGTH is added for a body unless the list has
 * it already.
 */
void fcgi_call(const char *socket_path, const struct fcgi_param *params,
               struct span body, struct fcgi_answer *out);

/* A folder of its own, short enough for a socket path; NUL-terminated. */
void fcgi_folder_make(char out[64]);
void fcgi_folder_remove(const char *folder);

/* A listening socket at `path`, as a supervisor would make it. */
int fcgi_listen(const char *path);
/*
 * Starts `program` with the listening socket as descriptor 0. The environment
 * is ours. Ends it with kill(pid, SIGTERM) and fcgi_wait_end(pid).
 */
pid_t fcgi_start(const char *program, int listen_fd);
/* Exit status, 128 + signal when killed, or -1 after FCGI_CLIENT_WAIT_S. */
int fcgi_wait_end(pid_t pid);
