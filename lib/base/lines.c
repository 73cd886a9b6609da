#include "base/lines.h"

#include <string.h>
#include <zlib.h>

#include "base/mem.h"

enum { GZ_BUFFER_BYTES = 1 << 17 };

bool lines_open(struct lines *l, const char *path, struct err *err)
{
    *l = (struct lines){.err = err};
    if (!mem_take(LINES_MOST_BYTES, 1, &l->held, err))
        return false;
    l->gz = gzopen(path, "rbe");
    if (!l->gz) {
        lines_close(l);
        return err_set(err, ERR_ABSENT, "%s: %m", path);
    }
    gzbuffer(l->gz, GZ_BUFFER_BYTES);
    return true;
}

/* Moves the rest to the front and fills up; false when nothing came. */
static bool refill(struct lines *l)
{
    size_t rest = l->held_bytes - l->next;
    int got, code = Z_OK;

    memmove(l->held, l->held + l->next, rest);
    l->held_bytes = rest;
    l->next = 0;
    got = gzread(l->gz, l->held + rest, (unsigned)(LINES_MOST_BYTES - rest));
    /* A gzip file cut short is an end of file for gzread(), but not for us. */
    if (got == 0)
        gzerror(l->gz, &code);
    if (got < 0 || code != Z_OK) {
        err_set(l->err, ERR_CORRUPT, "line %llu: %s",
                (unsigned long long)l->number + 1, gzerror(l->gz, &code));
        l->failed = true;
        return false;
    }
    l->held_bytes += (size_t)got;
    return got > 0;
}

/* Drops what is left of a line that was too long. */
static void skip_rest(struct lines *l)
{
    do {
        char *end = memchr(l->held, '\n', l->held_bytes);
        if (end) {
            l->next = (size_t)(end - l->held) + 1;
            return;
        }
        l->next = l->held_bytes;
    } while (refill(l));
}

static bool hand_out(struct lines *l, size_t bytes, struct span *line)
{
    *line = (struct span){l->held + l->next, bytes};
    if (bytes && line->at[bytes - 1] == '\r')
        line->bytes--;
    l->number++;
    return true;
}

bool lines_next(struct lines *l, struct span *line)
{
    char *end;
    size_t rest;

    if (l->failed || l->ended)
        return false;
    if (l->cut) {
        l->held_bytes = l->next = 0;
        if (refill(l))
            skip_rest(l);
        l->cut = false;
    }
    for (;;) {
        rest = l->held_bytes - l->next;
        end = rest ? memchr(l->held + l->next, '\n', rest) : NULL;
        if (end) {
            size_t bytes = (size_t)(end - l->held) - l->next;
            hand_out(l, bytes, line);
            l->next += bytes + 1;
            return true;
        }
        if (rest == LINES_MOST_BYTES) {
            l->cut = true;
            return hand_out(l, rest, line);
        }
        if (!refill(l))
            break;
    }
    l->ended = true;
    if (l->failed || l->held_bytes == l->next)
        return false;
    return hand_out(l, l->held_bytes - l->next, line);
}

void lines_close(struct lines *l)
{
    if (l->gz)
        gzclose(l->gz);
    mem_give(l->held);
    l->gz = NULL;
    l->held = NULL;
}
