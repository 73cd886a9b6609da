#include "spool_fixture.h"

#include <check.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "test_db.h"

enum { FOLDERS = 64, READ_MOST = 1 << 26, PATH = 512 };

#define AT_MS INT64_C(1700000000000)

static struct err err;

struct spool_batch spool_fixture_batch(unsigned n)
{
    static struct event_row rows[SPOOL_FIXTURE_EVENTS];
    unsigned id = 100 * n;

    rows[0] =
        (struct event_row){.id = test_id(id + 1),
                           .post = test_id(1),
                           .type = SPAN("view"),
                           .at_ms = AT_MS + n,
                           .client_at_ms = AT_MS - 7000,
                           .metadata = SPAN("{\"dwell_ms\": 1200}"),
                           .attributed = true,
                           .shown = {.request = test_id(900000 + n),
                                     .position = 3,
                                     .source = SPAN("neighbours"),
                                     .arm = SPAN("personalised"),
                                     .model_version = SPAN("20260102T020005Z"),
                                     .propensity = 0.25f}};
    rows[1] = (struct event_row){.id = test_id(id + 2),
                                 .post = test_id(2),
                                 .type = SPAN("like"),
                                 .at_ms = AT_MS + n,
                                 .client_at_ms = DB_NONE_I64,
                                 .metadata = SPAN("{}")};
    rows[2] = (struct event_row){.id = test_id(id + 3),
                                 .post = test_id(3),
                                 .type = SPAN("click"),
                                 .at_ms = AT_MS + n,
                                 .client_at_ms = DB_NONE_I64};
    return (struct spool_batch){.user = test_id(500),
                                .received_at_ms = AT_MS + 5000,
                                .rows = rows,
                                .count = SPOOL_FIXTURE_EVENTS};
}

void spool_fixture_segment(struct buf *out, unsigned count)
{
    for (unsigned n = 0; n < count; n++) {
        struct spool_batch batch = spool_fixture_batch(n);

        ck_assert_msg(spool_write(out, &batch, n, AT_MS + n, &err), "%s",
                      err.what);
    }
}

void spool_fixture_sign(char *segment)
{
    struct spool_head head;

    memcpy(&head, segment, sizeof head);
    head.checksum = hash64(segment + sizeof head, head.bytes);
    head.head_checksum =
        hash64(&head, offsetof(struct spool_head, head_checksum));
    memcpy(segment, &head, sizeof head);
}

/* ---- the folder ---- */

static struct {
    pid_t owner;
    char path[64];
} folders[FOLDERS];
static unsigned folder_count;

static void remove_all(const char *path)
{
    char inner[PATH];
    DIR *dir = opendir(path);
    struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        snprintf(inner, sizeof inner, "%.200s/%.255s", path, entry->d_name);
        if (unlink(inner) < 0)
            remove_all(inner);
    }
    if (dir)
        closedir(dir);
    rmdir(path);
}

static void remove_folders(void)
{
    for (unsigned i = 0; i < folder_count; i++)
        if (folders[i].owner == getpid())
            remove_all(folders[i].path);
}

const char *spool_folder_make(void)
{
    char *path;

    ck_assert_uint_lt(folder_count, FOLDERS);
    path = folders[folder_count].path;
    snprintf(path, sizeof folders[0].path, "/tmp/kith-spool-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(path));
    folders[folder_count].owner = getpid();
    if (!folder_count++)
        atexit(remove_folders);
    return path;
}

static unsigned count_in(const char *path, char name[SPOOL_NAME])
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    unsigned count = 0;

    while (dir && (entry = readdir(dir))) {
        if (!spool_is_segment(entry->d_name))
            continue;
        if (!count++ && name)
            memcpy(name, entry->d_name, strlen(entry->d_name) + 1);
    }
    if (dir)
        closedir(dir);
    return count;
}

unsigned spool_folder_segments(const char *folder, char name[SPOOL_NAME])
{
    return count_in(folder, name);
}

unsigned spool_folder_bad(const char *folder, char name[SPOOL_NAME])
{
    char path[PATH];

    snprintf(path, sizeof path, "%.200s/" SPOOL_BAD, folder);
    return count_in(path, name);
}

void spool_folder_write(const char *folder, const char *name, struct span bytes)
{
    char path[PATH];
    FILE *f;

    snprintf(path, sizeof path, "%.200s/%.200s", folder, name);
    f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(bytes.at, 1, bytes.bytes, f), bytes.bytes);
    ck_assert_int_eq(fclose(f), 0);
}

struct span spool_folder_read(const char *folder, const char *name)
{
    char path[PATH];
    struct span bytes;

    snprintf(path, sizeof path, "%.200s/%.200s", folder, name);
    ck_assert_msg(file_read(path, READ_MOST, &bytes, &err), "%s", err.what);
    return bytes;
}
