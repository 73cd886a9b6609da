#define _GNU_SOURCE /* memmem */
#include "fcgi_client.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    HEAD_BYTES = 8,
    RECORD_MOST = 65535,
    ANSWER_MOST_BYTES = 1 << 26,
    TRY_MS = 5,
    MS_PER_S = 1000,
    BACKLOG = 64,
    ROLE_RESPONDER = 1,
    KEEP_FLAG = 1,
};

static void stop(const char *what)
{
    fprintf(stderr, "fcgi_client: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static void pause_ms(int ms)
{
    poll(NULL, 0, ms);
}

static struct sockaddr_un address_of(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    return address;
}

int fcgi_connect(const char *socket_path)
{
    struct sockaddr_un address = address_of(socket_path);
    struct timeval wait = {.tv_sec = FCGI_CLIENT_WAIT_S};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    for (int left_ms = FCGI_CLIENT_WAIT_S * MS_PER_S;
         connect(fd, (struct sockaddr *)&address, sizeof address) < 0;
         left_ms -= TRY_MS) {
        if (left_ms <= 0)
            stop(socket_path);
        pause_ms(TRY_MS);
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    return fd;
}

/* A worker that has hung up is no failure of the test by itself. */
void fcgi_send_bytes(int fd, const void *at, size_t bytes)
{
    const char *p = at;

    while (bytes) {
        ssize_t put = write(fd, p, bytes);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return;
        p += put;
        bytes -= (size_t)put;
    }
}

void fcgi_send_record(int fd, int type, const void *at, size_t bytes)
{
    unsigned char head[HEAD_BYTES] = {
        1, (unsigned char)type,         0,
        1, (unsigned char)(bytes >> 8), (unsigned char)bytes};

    fcgi_send_bytes(fd, head, sizeof head);
    fcgi_send_bytes(fd, at, bytes);
}

void fcgi_send_begin(int fd, bool keep)
{
    unsigned char body[HEAD_BYTES] = {0, ROLE_RESPONDER, keep ? KEEP_FLAG : 0};

    fcgi_send_record(fd, FCGI_RECORD_BEGIN, body, sizeof body);
}

/* Lengths from 128 on take four bytes with the top bit set. */
static void add_length(struct buf *b, size_t bytes)
{
    if (bytes < 0x80) {
        buf_char(b, (char)bytes);
        return;
    }
    buf_char(b, (char)(bytes >> 24 | 0x80));
    buf_char(b, (char)(bytes >> 16));
    buf_char(b, (char)(bytes >> 8));
    buf_char(b, (char)bytes);
}

static void send_stream(int fd, int type, struct span text)
{
    while (text.bytes) {
        size_t bytes = text.bytes < RECORD_MOST ? text.bytes : RECORD_MOST;

        fcgi_send_record(fd, type, text.at, bytes);
        text.at += bytes;
        text.bytes -= bytes;
    }
}

void fcgi_send_params(int fd, const struct fcgi_param *params)
{
    struct buf b;

    buf_init(&b, ANSWER_MOST_BYTES);
    for (; params->name; params++) {
        add_length(&b, strlen(params->name));
        add_length(&b, strlen(params->value));
        buf_text(&b, params->name);
        buf_text(&b, params->value);
    }
    send_stream(fd, FCGI_RECORD_PARAMS, buf_view(&b));
    fcgi_send_record(fd, FCGI_RECORD_PARAMS, "", 0);
    buf_release(&b);
}

void fcgi_send_body(int fd, struct span body)
{
    send_stream(fd, FCGI_RECORD_STDIN, body);
}

void fcgi_send_body_end(int fd)
{
    fcgi_send_record(fd, FCGI_RECORD_STDIN, "", 0);
}

static bool read_bytes(int fd, void *at, size_t bytes)
{
    char *p = at;

    while (bytes) {
        ssize_t got = read(fd, p, bytes);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        p += got;
        bytes -= (size_t)got;
    }
    return true;
}

static void split_head(struct fcgi_answer *out)
{
    struct span text = buf_view(&out->text), status, number;
    const char *end =
        text.bytes ? memmem(text.at, text.bytes, "\r\n\r\n", 4) : NULL;
    uint64_t value = 0;

    if (!end)
        return;
    out->head = (struct span){text.at, (size_t)(end - text.at) + 2};
    out->body = (struct span){end + 4, text.bytes - out->head.bytes - 2};
    if (fcgi_answer_header(out, "Status", &status) &&
        span_cut(&status, ' ', &number) && span_u64(number, &value))
        out->status = (int)value;
}

void fcgi_receive_kept(int fd, struct fcgi_answer *out)
{
    unsigned char head[HEAD_BYTES];
    static char content[RECORD_MOST + UINT8_MAX];

    *out = (struct fcgi_answer){0};
    buf_init(&out->text, ANSWER_MOST_BYTES);
    while (!out->whole && read_bytes(fd, head, sizeof head)) {
        size_t bytes = (size_t)head[4] << 8 | head[5];

        if (!read_bytes(fd, content, bytes + head[6]))
            break;
        if (head[1] == FCGI_RECORD_STDOUT)
            buf_add(&out->text, content, bytes);
        out->whole = head[1] == FCGI_RECORD_END;
    }
    split_head(out);
}

void fcgi_receive(int fd, struct fcgi_answer *out)
{
    fcgi_receive_kept(fd, out);
    close(fd);
}

void fcgi_answer_release(struct fcgi_answer *a)
{
    buf_release(&a->text);
}

bool fcgi_answer_header(const struct fcgi_answer *a, const char *name,
                        struct span *value)
{
    struct span line, key, rest = a->head;

    while (span_cut(&rest, '\n', &line)) {
        if (!span_cut(&line, ':', &key) || !line.at)
            continue;
        if (!span_is_nocase(span_trim(key), name))
            continue;
        *value = span_trim(line);
        return true;
    }
    return false;
}

static bool has_length(const struct fcgi_param *params)
{
    for (; params->name; params++)
        if (!strcmp(params->name, "CONTENT_LENGTH"))
            return true;
    return false;
}

enum { PARAMS_MOST = 64 };

static void send_with_length(int fd, const struct fcgi_param *params,
                             size_t body_bytes)
{
    struct fcgi_param all[PARAMS_MOST + 2] = {{NULL, NULL}};
    char digits[24];
    size_t n = 0;

    for (; params[n].name && n < PARAMS_MOST; n++)
        all[n] = params[n];
    snprintf(digits, sizeof digits, "%zu", body_bytes);
    if (!has_length(params))
        all[n] = (struct fcgi_param){"CONTENT_LENGTH", digits};
    fcgi_send_params(fd, all);
}

void fcgi_call(const char *socket_path, const struct fcgi_param *params,
               struct span body, struct fcgi_answer *out)
{
    int fd = fcgi_connect(socket_path);

    fcgi_send_begin(fd, false);
    send_with_length(fd, params, body.bytes);
    fcgi_send_body(fd, body);
    fcgi_send_body_end(fd);
    fcgi_receive(fd, out);
}

void fcgi_folder_make(char out[64])
{
    snprintf(out, 64, "/tmp/kith-test-XXXXXX");
    if (!mkdtemp(out))
        stop("mkdtemp");
}

void fcgi_folder_remove(const char *folder)
{
    char path[512];
    DIR *d = opendir(folder);
    struct dirent *e;

    while (d && (e = readdir(d))) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (unlink(path) < 0 && errno == EISDIR)
            fcgi_folder_remove(path);
    }
    if (d)
        closedir(d);
    rmdir(folder);
}

int fcgi_listen(const char *path)
{
    struct sockaddr_un address = address_of(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(fd, BACKLOG) < 0)
        stop(path);
    return fd;
}

pid_t fcgi_start(const char *program, int listen_fd)
{
    pid_t pid = fork();

    if (pid < 0)
        stop("fork");
    if (pid)
        return pid;
    if (dup2(listen_fd, 0) < 0)
        stop("dup2");
    execl(program, program, (char *)NULL);
    stop(program);
    return -1;
}

int fcgi_wait_end(pid_t pid)
{
    int status;

    for (int left_ms = FCGI_CLIENT_WAIT_S * MS_PER_S; left_ms > 0;
         left_ms -= TRY_MS) {
        if (waitpid(pid, &status, WNOHANG) == pid)
            return WIFEXITED(status) ? WEXITSTATUS(status)
                                     : 128 + WTERMSIG(status);
        pause_ms(TRY_MS);
    }
    return -1;
}
