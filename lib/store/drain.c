#include "store/drain.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "queries.h"
#include "store/events.h"

enum {
    WAIT_US = 30 * 1000 * 1000, /* longest statement */
    GROUP = 64, /* records with one COMMIT: four times as quick as one each */
    SEGMENT_READ_MOST = 1 << 30,
    FOLDER_MODE = 0700,
    FILE_MODE = 0600,
};

/* One segment on its way. */
struct segment {
    const char *name;
    int fd;
    struct span bytes;
    struct drain_report report; /* of it alone */
};

static bool is_shortage(void)
{
    return errno == ENOMEM || errno == EMFILE || errno == ENFILE;
}

static bool failed(const char *what, const char *name, struct err *err)
{
    return err_set(err, is_shortage() ? ERR_MEMORY : ERR_DOWN,
                   "drain: %s %.150s: %m", what, name);
}

/* ---- one record ---- */

static void count_fates(struct drain_report *r, const enum event_fate *fates,
                        size_t count)
{
    for (size_t i = 0; i < count; i++)
        switch (fates[i]) {
        case FATE_STORED:
            r->stored++;
            break;
        case FATE_DUPLICATE:
            r->duplicates++;
            break;
        case FATE_UNKNOWN_POST:
            r->unknown_posts++;
            break;
        case FATE_REFUSED:
            r->refused++;
            break;
        }
    r->records++;
    r->events += count;
}

/* Another try may succeed where this one failed. */
static bool passes_by(const struct err *err)
{
    return err->code == ERR_DOWN || err->code == ERR_TIMEOUT ||
           err->code == ERR_MEMORY;
}

static bool stopped(const struct drain *d)
{
    return d->should_stop && d->should_stop();
}

static bool insert(struct drain *d, struct drain_report *report,
                   const struct spool_record *record, struct err *err)
{
    enum event_fate fates[EVENTS_MOST] = {0};
    struct spool_batch batch;

    if (!spool_batch_read(record, d->rows, &batch, err) ||
        !events_insert(d->db, batch.user, batch.rows, batch.count,
                       batch.received_at_ms, clock_mono_us() + WAIT_US, fates,
                       err))
        return false;
    count_fates(report, fates, batch.count);
    for (size_t i = 0; d->refused && i < batch.count; i++)
        if (fates[i] == FATE_UNKNOWN_POST)
            d->refused(d->refused_arg, &batch.rows[i], batch.received_at_ms);
    return true;
}

/* ---- some records ---- */

struct group {
    struct spool_record records[GROUP];
    bool is_erased[GROUP]; /* its reader, since */
    size_t count;
};

/* Zero when the record is too short, which is found when it is read. */
static struct spool_batch_head head_of(const struct spool_record *record)
{
    struct spool_batch_head head = {0};

    if (record->payload.bytes >= sizeof head)
        memcpy(&head, record->payload.at, sizeof head);
    return head;
}

static bool find_erased(struct drain *d, struct group *g, struct err *err)
{
    struct uuid users[GROUP];
    struct db_param in;
    struct db_rows rows;

    for (size_t i = 0; i < g->count; i++) {
        users[i] = head_of(&g->records[i]).user;
        g->is_erased[i] = false;
    }
    in = db_param_array(DB_UUID, users, g->count);
    if (!db_query(d->db, DB_SQL(find_erased, "um"), &in, 1,
                  clock_mono_us() + WAIT_US, &rows, err))
        return false;
    for (size_t row = 0; row < rows.count; row++)
        for (size_t i = 0; i < g->count; i++)
            if (uuid_equal(users[i], db_rows_uuid(&rows, row, 0)) &&
                head_of(&g->records[i]).received_at_ms <=
                    db_rows_ms(&rows, row, 1))
                g->is_erased[i] = true;
    db_rows_release(&rows);
    return true;
}

static bool take_record(struct drain *d, struct drain_report *report,
                        const struct group *g, size_t i, struct err *err)
{
    if (!g->is_erased[i])
        return insert(d, report, &g->records[i], err);
    report->records++;
    report->events += g->records[i].head.events;
    report->erased += g->records[i].head.events;
    return true;
}

/* All of them with one COMMIT; false: none is known to be stored. */
static bool replay_together(struct drain *d, struct segment *s,
                            const struct group *g)
{
    struct drain_report report = s->report;
    struct err err;
    bool ok = true;

    if (!db_begin(d->db, DB_SCOPE_READ_WRITE, clock_mono_us() + WAIT_US, &err))
        return false;
    for (size_t i = 0; ok && i < g->count; i++)
        ok = !stopped(d) && take_record(d, &report, g, i, &err);
    /* Not the other way round: the scope has to end. */
    ok = db_end(d->db, ok, clock_mono_us() + WAIT_US, &err) && ok;
    if (ok)
        s->report = report;
    return ok;
}

/* Each with a COMMIT of its own, so that a bad one stands alone. */
static bool replay_singly(struct drain *d, struct segment *s,
                          const struct group *g, struct err *err)
{
    for (size_t i = 0; i < g->count && !stopped(d); i++) {
        if (take_record(d, &s->report, g, i, err))
            continue;
        if (passes_by(err))
            return false;
        log_failure(LOG_ERROR, "store", "spool_poison", err);
        s->report.poison++;
    }
    return true;
}

static bool replay(struct drain *d, struct segment *s, const struct group *g,
                   struct err *err)
{
    return (g->count > 1 && replay_together(d, s, g)) ||
           replay_singly(d, s, g, err);
}

static bool group_next(struct spool_reader *r, struct group *g)
{
    g->count = 0;
    while (g->count < GROUP && spool_next(r, &g->records[g->count]))
        g->count++;
    return g->count;
}

/* ---- one segment ---- */

static bool read_whole(struct segment *s, struct err *err)
{
    struct stat st;
    size_t got = 0;
    char *at;

    if (fstat(s->fd, &st) < 0)
        return failed("stat", s->name, err);
    if (st.st_size > SEGMENT_READ_MOST)
        return err_set(err, ERR_LIMIT, "drain: %.100s: %lld bytes", s->name,
                       (long long)st.st_size);
    if (!mem_take((size_t)st.st_size + 1, 1, &at, err))
        return false;
    s->bytes = (struct span){at, (size_t)st.st_size};
    while (got < s->bytes.bytes) {
        ssize_t n = pread(s->fd, at + got, s->bytes.bytes - got, (off_t)got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return failed("read", s->name, err);
        got += (size_t)n;
    }
    return true;
}

/* *whole: every record has been seen to. */
static bool replay_all(struct drain *d, struct segment *s, bool *whole,
                       struct err *err)
{
    struct spool_reader reader = spool_read(s->bytes);
    struct group group;

    *whole = false;
    while (group_next(&reader, &group)) {
        if (!find_erased(d, &group, err) || !replay(d, s, &group, err))
            return false;
        if (stopped(d))
            return true;
    }
    s->report.damaged = reader.damaged;
    s->report.unknown = reader.unknown;
    s->report.unfinished = reader.is_unfinished;
    *whole = true;
    return true;
}

static void log_segment(const struct segment *s, bool is_aside)
{
    const struct drain_report *r = &s->report;
    struct log_line line;

    log_begin(&line,
              drain_is_damaged(r) ? LOG_ERROR
              : is_aside          ? LOG_WARN
                                  : LOG_INFO,
              "store", is_aside ? "spool_aside" : "spool_drained");
    log_value(&line, "segment", span_of(s->name));
    log_i64(&line, "records", (int64_t)r->records);
    log_i64(&line, "stored", (int64_t)r->stored);
    log_i64(&line, "duplicates", (int64_t)r->duplicates);
    log_i64(&line, "unknown_posts", (int64_t)r->unknown_posts);
    log_i64(&line, "refused", (int64_t)r->refused);
    log_i64(&line, "erased", (int64_t)r->erased);
    if (is_aside) {
        log_i64(&line, "damaged", (int64_t)r->damaged);
        log_i64(&line, "unfinished", (int64_t)r->unfinished);
        log_i64(&line, "unknown", (int64_t)r->unknown);
        log_i64(&line, "poison", (int64_t)r->poison);
    }
    log_end(&line);
}

static bool put_aside(struct drain *d, const struct segment *s, struct err *err)
{
    char to[SPOOL_NAME + sizeof SPOOL_BAD "/"];
    int fd;
    bool ok;

    snprintf(to, sizeof to, SPOOL_BAD "/%.*s", SPOOL_NAME, s->name);
    if (mkdirat(d->folder_fd, SPOOL_BAD, FOLDER_MODE) < 0 && errno != EEXIST)
        return failed("make", SPOOL_BAD, err);
    if (renameat(d->folder_fd, s->name, d->folder_fd, to) < 0)
        return failed("move", s->name, err);
    fd = openat(d->folder_fd, SPOOL_BAD, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ok = (fd >= 0 && !fsync(fd) && !fsync(d->folder_fd)) ||
         failed("fsync", SPOOL_BAD, err);
    if (fd >= 0)
        close(fd);
    return ok;
}

/* After the last COMMIT: delete, or keep aside what was not understood. */
static bool finish(struct drain *d, const struct segment *s, struct err *err)
{
    bool is_aside = drain_is_damaged(&s->report) || s->report.unfinished;

    if (is_aside) {
        if (!put_aside(d, s, err))
            return false;
        d->report.aside++;
    } else if (unlinkat(d->folder_fd, s->name, 0) < 0 && errno != ENOENT) {
        return failed("delete", s->name, err);
    }
    log_segment(s, is_aside);
    return true;
}

static void add_report(struct drain_report *to, const struct drain_report *from)
{
    to->records += from->records;
    to->events += from->events;
    to->stored += from->stored;
    to->duplicates += from->duplicates;
    to->unknown_posts += from->unknown_posts;
    to->refused += from->refused;
    to->erased += from->erased;
    to->damaged += from->damaged;
    to->unfinished += from->unfinished;
    to->unknown += from->unknown;
    to->poison += from->poison;
}

/* Bytes that the disk does not give back go aside like those it gives wrong. */
static bool drain_locked(struct drain *d, struct segment *s, struct err *err)
{
    bool whole = true;
    bool ok = s->fd >= 0 ? read_whole(s, err) : failed("open", s->name, err);

    if (ok) {
        ok = replay_all(d, s, &whole, err);
    } else if (err->code != ERR_MEMORY) {
        log_failure(LOG_ERROR, "store", "spool_unreadable", err);
        s->report.damaged++;
        ok = true;
    }
    if (ok && whole)
        ok = finish(d, s, err);
    d->report.segments += ok && whole;
    add_report(&d->report, &s->report);
    mem_give((void *)(uintptr_t)s->bytes.at);
    return ok;
}

static bool drain_segment(struct drain *d, const char *name, struct err *err)
{
    struct segment s = {.name = name};
    bool ok = true;

    s.fd = openat(d->folder_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (s.fd < 0 && errno == ENOENT)
        return true;
    if (s.fd >= 0 && flock(s.fd, LOCK_EX | LOCK_NB) < 0)
        d->report.busy++;
    else
        ok = drain_locked(d, &s, err);
    if (s.fd >= 0)
        close(s.fd);
    return ok;
}

/* ---- all of them ---- */

struct names {
    char (*at)[SPOOL_NAME];
    size_t count, cap;
};

static int by_name(const void *left, const void *right)
{
    return strcmp(left, right);
}

static bool list(const struct drain *d, struct names *out, struct err *err)
{
    DIR *dir = opendir(d->folder);
    struct dirent *entry;
    bool ok = true;

    if (!dir)
        return failed("open", d->folder, err);
    while (ok && (entry = readdir(dir))) {
        if (!spool_is_segment(entry->d_name))
            continue;
        ok =
            mem_grow(&out->at, &out->cap, out->count + 1, sizeof *out->at, err);
        if (ok) /* a segment's name is short enough */
            memcpy(out->at[out->count++], entry->d_name,
                   strlen(entry->d_name) + 1);
    }
    closedir(dir);
    if (ok && out->count)
        qsort(out->at, out->count, sizeof *out->at, by_name);
    return ok;
}

bool drain_open(struct drain *d, const char *folder, struct db *db, bool *alone,
                struct err *err)
{
    *alone = true;
    *d = (struct drain){
        .folder = folder, .db = db, .lock_fd = -1, .folder_fd = -1};
    if (mkdir(folder, FOLDER_MODE) < 0 && errno != EEXIST)
        return failed("make", folder, err);
    d->folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (d->folder_fd >= 0)
        d->lock_fd = openat(d->folder_fd, SPOOL_LOCK,
                            O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    if (d->lock_fd < 0) {
        failed("open", folder, err);
    } else if (flock(d->lock_fd, LOCK_EX | LOCK_NB) < 0) {
        *alone = errno != EWOULDBLOCK;
        failed("lock", folder, err);
    } else if (mem_take(EVENTS_MOST, sizeof *d->rows, &d->rows, err)) {
        return true;
    }
    drain_close(d);
    return false;
}

void drain_close(struct drain *d)
{
    if (d->lock_fd >= 0)
        close(d->lock_fd);
    if (d->folder_fd >= 0)
        close(d->folder_fd);
    mem_give(d->rows);
    d->lock_fd = d->folder_fd = -1;
    d->rows = NULL;
}

static bool answers(struct drain *d, struct err *err)
{
    return db_ping(d->db, clock_mono_us() + WAIT_US, err);
}

/*
 * One after the other, as long as the database answers: trouble of one segment
 * alone must not stand in the way of the others.
 */
static bool drain_all(struct drain *d, const struct names *names,
                      struct err *err)
{
    struct err trouble, down;
    bool ok = true;

    for (size_t i = 0; i < names->count; i++) {
        if (stopped(d))
            break;
        if (drain_segment(d, names->at[i], &trouble))
            continue;
        if (ok)
            *err = trouble;
        ok = false;
        if (!answers(d, &down))
            break;
    }
    return ok;
}

bool drain_pass(struct drain *d, struct err *err)
{
    struct names names = {0};
    bool ok = list(d, &names, err);

    d->report.busy = 0;
    /* No segment is locked for a database that is not there. */
    if (ok && names.count)
        ok = answers(d, err) && drain_all(d, &names, err);
    mem_give(names.at);
    return ok;
}
