#include "web/record.h"

#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum {
    HEAD_BYTES = 8,
    VERSION = 1,
    END_REQUEST = 3,
    STDOUT = 6,
    TAIL_MOST_BYTES = 4 * HEAD_BYTES,
    PIECES = 4,
    BYTE_BITS = 8,
};

static void put_head(unsigned char *at, int type, int id, size_t bytes)
{
    const unsigned char head[HEAD_BYTES] = {
        VERSION,
        (unsigned char)type,
        (unsigned char)(id >> BYTE_BITS),
        (unsigned char)id,
        (unsigned char)(bytes >> BYTE_BITS),
        (unsigned char)bytes,
    };

    for (int i = 0; i < HEAD_BYTES; i++)
        at[i] = head[i];
}

/* What follows the last byte of an answer; the body of END_REQUEST is zeros. */
static size_t put_tail(unsigned char at[TAIL_MOST_BYTES], int id, bool keep)
{
    put_head(at, STDOUT, id, 0);
    put_head(at + HEAD_BYTES, END_REQUEST, id, HEAD_BYTES);
    if (keep)
        return 3 * HEAD_BYTES;
    put_head(at + 3 * HEAD_BYTES, STDOUT, id, 0);
    return 4 * HEAD_BYTES;
}

/* Moves the first bytes of *from over to the end of a message. */
static size_t add(struct msghdr *m, struct span *from, size_t most_bytes)
{
    size_t bytes = from->bytes < most_bytes ? from->bytes : most_bytes;

    if (!bytes)
        return 0;
    m->msg_iov[m->msg_iovlen++] =
        (struct iovec){(void *)(uintptr_t)from->at, bytes};
    from->at += bytes;
    from->bytes -= bytes;
    return bytes;
}

static void take_off(struct msghdr *m, size_t bytes)
{
    while (m->msg_iovlen && bytes >= m->msg_iov->iov_len) {
        bytes -= m->msg_iov->iov_len;
        m->msg_iov++;
        m->msg_iovlen--;
    }
    if (!m->msg_iovlen)
        return;
    m->msg_iov->iov_base = (char *)m->msg_iov->iov_base + bytes;
    m->msg_iov->iov_len -= bytes;
}

static bool send_all(int fd, struct msghdr *m)
{
    while (m->msg_iovlen) {
        ssize_t sent = sendmsg(fd, m, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return false;
        take_off(m, (size_t)sent);
    }
    return true;
}

bool record_answer(int fd, int id, struct span head, struct span body,
                   bool keep)
{
    unsigned char record[HEAD_BYTES], tail[TAIL_MOST_BYTES];
    struct span first, last = {(const char *)tail, put_tail(tail, id, keep)};
    bool ok = true;

    while (ok && last.bytes) {
        struct iovec pieces[PIECES];
        struct msghdr m = {.msg_iov = pieces};
        size_t bytes;

        first = (struct span){(const char *)record, HEAD_BYTES};
        add(&m, &first, HEAD_BYTES);
        bytes = add(&m, &head, RECORD_BYTES);
        bytes += add(&m, &body, RECORD_BYTES - bytes);
        put_head(record, STDOUT, id, bytes);
        if (!head.bytes && !body.bytes)
            add(&m, &last, last.bytes);
        ok = send_all(fd, &m);
    }
    return ok;
}
