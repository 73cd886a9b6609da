#include "gate.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fcgi_client.h"
#include "test_db.h"

enum {
    PAIRS_MOST = 64,
    PIECE_BYTES = 65536,
    PATH_BYTES = sizeof(((struct sockaddr_un *)NULL)->sun_path),
    URL_BYTES = 1024,
};

static char socket_path[PATH_BYTES], server_path[PATH_BYTES];
static char url[URL_BYTES];
static pid_t keeper;
static volatile sig_atomic_t cut_next;

/* Even places face a client, the odd one behind each faces the server. */
static struct pollfd ends[2 * PAIRS_MOST + 1];
static nfds_t end_count;

static void stop(const char *what)
{
    fprintf(stderr, "gate: %s: %s\n", what, strerror(errno));
    _exit(EXIT_FAILURE);
}

static void on_cut(int signal)
{
    (void)signal;
    cut_next = 1;
}

static int dial(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    memcpy(address.sun_path, server_path, sizeof server_path);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        stop(server_path);
    return fd;
}

static void let_in(int listen_fd)
{
    int client = accept(listen_fd, NULL, NULL);

    if (client < 0 || end_count + 2 > 2 * PAIRS_MOST)
        stop("accept");
    ends[end_count++] = (struct pollfd){.fd = client, .events = POLLIN};
    ends[end_count++] = (struct pollfd){.fd = dial(), .events = POLLIN};
}

static void drop(nfds_t i)
{
    nfds_t first = i & ~(nfds_t)1;

    close(ends[first].fd);
    close(ends[first + 1].fd);
    end_count -= 2;
    ends[first] = ends[end_count];
    ends[first + 1] = ends[end_count + 1];
}

/* False when the pair is gone. */
static bool pass(nfds_t i)
{
    char piece[PIECE_BYTES];
    ssize_t got = read(ends[i].fd, piece, sizeof piece);
    bool from_server = i & 1;

    if (got <= 0 || (from_server && cut_next)) {
        cut_next = from_server && got > 0 ? 0 : cut_next;
        drop(i);
        return false;
    }
    fcgi_send_bytes(ends[i ^ 1].fd, piece, (size_t)got);
    return true;
}

static void keep(int listen_fd)
{
    struct sigaction cut = {.sa_handler = on_cut};

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
    sigaction(SIGUSR1, &cut, NULL);
    while (true) {
        ends[end_count] = (struct pollfd){.fd = listen_fd, .events = POLLIN};
        if (poll(ends, end_count + 1, -1) < 0)
            continue;
        if (ends[end_count].revents) {
            let_in(listen_fd);
            continue;
        }
        for (nfds_t i = 0; i < end_count; i++)
            if (ends[i].revents && !pass(i))
                break;
    }
}

void gate_reopen(void)
{
    int listen_fd;

    unlink(socket_path);
    listen_fd = fcgi_listen(socket_path);
    keeper = fork();
    if (keeper < 0)
        stop("fork");
    if (!keeper)
        keep(listen_fd);
    close(listen_fd);
}

/* The folder of the server's socket, out of ..?host=FOLDER&.. */
static void find_server(void)
{
    const char *at = getenv("DB_URL");
    size_t bytes;

    at = at ? strstr(at, "host=/") : NULL;
    if (!at) {
        errno = EINVAL;
        stop("DB_URL names no folder as host=");
    }
    at += strlen("host=");
    bytes = strcspn(at, "&");
    snprintf(server_path, sizeof server_path, "%.*s/.s.PGSQL.5432", (int)bytes,
             at);
}

void gate_open(const char *folder)
{
    find_server();
    snprintf(socket_path, sizeof socket_path, "%s/.s.PGSQL.5432", folder);
    snprintf(url, sizeof url, "%s&host=%s", test_db_url(), folder);
    gate_reopen();
}

const char *gate_url(void)
{
    return url;
}

void gate_freeze(void)
{
    int status;

    kill(keeper, SIGSTOP);
    waitpid(keeper, &status, WUNTRACED);
}

void gate_thaw(void)
{
    kill(keeper, SIGCONT);
}

void gate_shut(void)
{
    kill(keeper, SIGKILL);
    waitpid(keeper, NULL, 0);
}

void gate_cut_next(void)
{
    kill(keeper, SIGUSR1);
}
