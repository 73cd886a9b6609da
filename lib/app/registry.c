#include "app/registry.h"

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
#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"

enum { MS_PER_S = 1000, LEFT_OVER_S = 86400 };

static const char suffix[] = ".kith", left_over[] = ".tmp";

bool registry_version_fits(struct span version)
{
    static const char fit[] = "abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

    if (!version.bytes || version.bytes >= MODEL_VERSION_BYTES ||
        version.at[0] == '.')
        return false;
    for (size_t i = 0; i < version.bytes; i++)
        if (!memchr(fit, version.at[i], sizeof fit - 1))
            return false;
    return true;
}

/* DIR/versions, then "/name" when there is one. */
static bool path_of(const struct config *config, const char *name,
                    char out[REGISTRY_PATH_BYTES], struct err *err)
{
    const char *slash = strrchr(config->model, '/');
    int folder = slash ? (int)(slash - config->model) + 1 : 0;
    int n = snprintf(out, REGISTRY_PATH_BYTES, "%.*sversions%s%s", folder,
                     config->model, name[0] ? "/" : "", name);

    return (n > 0 && n < REGISTRY_PATH_BYTES) ||
           err_set(err, ERR_INVALID, "path too long: %.100s...", config->model);
}

bool registry_path(const struct config *config, struct span version,
                   char out[REGISTRY_PATH_BYTES], struct err *err)
{
    char name[MODEL_VERSION_BYTES + sizeof suffix];

    if (!registry_version_fits(version))
        return err_set(err, ERR_INVALID, "'%.*s' is no version of a model",
                       version.bytes < MODEL_VERSION_BYTES
                           ? (int)version.bytes
                           : MODEL_VERSION_BYTES,
                       version.at);
    snprintf(name, sizeof name, "%.*s%s", SPAN_ARGS(version), suffix);
    return path_of(config, name, out, err);
}

bool registry_prepare(const struct config *config, struct err *err)
{
    char folder[REGISTRY_PATH_BYTES];

    return path_of(config, "", folder, err) &&
           (mkdir(folder, S_IRWXU | S_IRGRP | S_IXGRP | S_IROTH | S_IXOTH) ==
                0 ||
            errno == EEXIST || err_set(err, ERR_DENIED, "%s: %m", folder));
}

bool registry_has(const struct config *config, struct span version)
{
    char path[REGISTRY_PATH_BYTES];
    struct err ignored;

    return registry_path(config, version, path, &ignored) &&
           access(path, F_OK) == 0;
}

bool registry_live(const struct config *config,
                   char version[MODEL_VERSION_BYTES])
{
    struct model model;
    struct err ignored;

    if (!model_open(config->model, &model, &ignored))
        return false;
    memcpy(version, model.meta->version, MODEL_VERSION_BYTES);
    model_close(&model);
    return true;
}

void registry_sum(const struct model *model,
                  char sha256[REGISTRY_SHA256_HEX + 1])
{
    unsigned char digest[DIGEST_SHA256_BYTES];

    digest_sha256((struct span){(const char *)model->bytes, model->size},
                  digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(sha256 + 2 * i, sizeof "ff", "%02x", digest[i]);
}

bool registry_lock(const struct config *config, int *lock, struct err *err)
{
    char folder[REGISTRY_PATH_BYTES];

    *lock = -1;
    if (!registry_prepare(config, err) || !path_of(config, "", folder, err))
        return false;
    *lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (*lock >= 0 && flock(*lock, LOCK_EX) < 0)
        if (errno != EINTR)
            registry_unlock(lock);
    return *lock >= 0 || err_set(err, ERR_DENIED, "%s: %m", folder);
}

void registry_unlock(int *lock)
{
    if (*lock >= 0)
        close(*lock);
    *lock = -1;
}

bool registry_check(const struct config *config, struct span version,
                    struct err *err)
{
    char path[REGISTRY_PATH_BYTES];
    struct model model;
    bool ok;

    if (!registry_path(config, version, path, err) ||
        !model_open(path, &model, err))
        return false;
    ok = span_is(version, model.meta->version) ||
         err_set(err, ERR_CORRUPT, "%s holds version %s", path,
                 model.meta->version);
    model_close(&model);
    return ok;
}

bool registry_publish(const struct config *config, struct span version,
                      struct err *err)
{
    char path[REGISTRY_PATH_BYTES];

    return registry_check(config, version, err) &&
           registry_path(config, version, path, err) &&
           file_alias(path, config->model, err);
}

bool registry_adopt(const struct config *config, struct err *err)
{
    char version[MODEL_VERSION_BYTES], path[REGISTRY_PATH_BYTES];

    if (!registry_live(config, version))
        return err_set(err, ERR_ABSENT, "no usable model at %s", config->model);
    if (registry_has(config, span_of(version)))
        return true;
    return registry_prepare(config, err) &&
           registry_path(config, span_of(version), path, err) &&
           file_alias(config->model, path, err);
}

/* ---- trimming ---- */

struct listing {
    char (*versions)[MODEL_VERSION_BYTES];
    size_t count, cap;
};

static bool ends_with(struct span name, const char *end, struct span *head)
{
    size_t bytes = strlen(end);

    if (name.bytes <= bytes ||
        memcmp(name.at + name.bytes - bytes, end, bytes) != 0)
        return false;
    *head = (struct span){name.at, name.bytes - bytes};
    return true;
}

static void remove_left_over(int folder, const char *name)
{
    struct stat st;

    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        st.st_mtim.tv_sec < clock_wall_ms() / MS_PER_S - LEFT_OVER_S)
        unlinkat(folder, name, 0);
}

static bool list(DIR *dir, struct listing *l, struct err *err)
{
    const struct dirent *entry;

    while ((entry = readdir(dir)) != NULL) {
        struct span name = span_of(entry->d_name), version;

        if (ends_with(name, left_over, &version))
            remove_left_over(dirfd(dir), entry->d_name);
        if (!ends_with(name, suffix, &version) ||
            !registry_version_fits(version))
            continue;
        if (!mem_grow(&l->versions, &l->cap, l->count + 1, sizeof *l->versions,
                      err))
            return false;
        snprintf(l->versions[l->count++], MODEL_VERSION_BYTES, "%.*s",
                 SPAN_ARGS(version));
    }
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static bool is_spared(struct span version, const struct span *spared,
                      size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (span_equal(version, spared[i]))
            return true;
    return false;
}

static bool remove_version(const struct config *config, struct span version,
                           struct err *err)
{
    char path[REGISTRY_PATH_BYTES];

    return registry_path(config, version, path, err) &&
           (unlink(path) == 0 || errno == ENOENT ||
            err_set(err, ERR_DENIED, "%s: %m", path));
}

bool registry_trim(const struct config *config, const struct span *spared,
                   size_t spared_count, size_t *removed, struct err *err)
{
    char folder[REGISTRY_PATH_BYTES], live[MODEL_VERSION_BYTES] = "";
    struct listing l = {0};
    DIR *dir;
    bool ok;

    *removed = 0;
    if (!path_of(config, "", folder, err))
        return false;
    dir = opendir(folder);
    if (!dir)
        return errno == ENOENT || err_set(err, ERR_DENIED, "%s: %m", folder);
    ok = list(dir, &l, err);
    closedir(dir);
    if (l.count)
        qsort(l.versions, l.count, sizeof *l.versions, by_name);
    registry_live(config, live);
    for (size_t i = 0; ok && i < l.count; i++) {
        struct span version = span_of(l.versions[i]);

        if (l.count - *removed <= config->models_keep)
            break;
        if (span_is(version, live) || is_spared(version, spared, spared_count))
            continue;
        ok = remove_version(config, version, err);
        *removed += ok;
    }
    mem_give(l.versions);
    return ok;
}
