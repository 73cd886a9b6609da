#include "test_db.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/hash.h"
#include "queries.h"
#include "store/migrate.h"

enum {
    SOON_US = 20 * 1000 * 1000,
    URL_BYTES = 512,
    NAME_BYTES = 64,
    SQL_BYTES = 256,
    TEXT_BYTES = 1 << 20,
    NAP_US = 5 * 1000,
};

/* "test", as a number: who makes the template. */
#define TEMPLATE_LOCK INT64_C(0x74657374)

static char url[URL_BYTES];
static char name[NAME_BYTES];
static pid_t owner;

static void die(const char *what, const struct err *err)
{
    fprintf(stderr, "test_db: %s: %s\n", what, err ? err->what : "");
    exit(EXIT_FAILURE);
}

int64_t test_db_soon(void)
{
    return clock_mono_us() + SOON_US;
}

/* DB_URL with another database; libpq takes the last one named. */
static void url_of(const char *database, char out[URL_BYTES])
{
    const char *server = getenv("DB_URL");

    if (!server)
        die("run me under tests/support/with_pg.sh", NULL);
    snprintf(out, URL_BYTES, "%s%cdbname=%s", server,
             strchr(server, '?') ? '&' : '?', database);
}

static void open_url(struct db *db, const char *at)
{
    struct err err;

    if (!db_init(db, at, true, &err) || !db_ping(db, test_db_soon(), &err))
        die("connect", &err);
}

static void open_server(struct db *db)
{
    open_url(db, getenv("DB_URL"));
}

void test_db_run(struct db *db, const char *sql)
{
    struct err err;

    if (!db_script(db, sql, test_db_soon(), &err))
        die(sql, &err);
}

int64_t test_db_number(struct db *db, const char *sql)
{
    struct db_sql query = {.name = sql, .text = sql, .gives = "I"};
    struct db_rows rows;
    struct err err;
    bool by_name = db->prepare;
    int64_t number;

    db->prepare = false; /* the text is no name */
    if (!db_query(db, query, NULL, 0, test_db_soon(), &rows, &err) ||
        rows.count != 1)
        die(sql, &err);
    db->prepare = by_name;
    number = db_rows_i64(&rows, 0, 0);
    db_rows_release(&rows);
    return number;
}

const char *test_db_text(struct db *db, const char *sql)
{
    static char text[TEXT_BYTES];
    struct db_sql query = {.name = sql, .text = sql, .gives = "T"};
    struct db_rows rows;
    struct err err;
    bool by_name = db->prepare;
    size_t used = 0;

    db->prepare = false;
    if (!db_query(db, query, NULL, 0, test_db_soon(), &rows, &err))
        die(sql, &err);
    db->prepare = by_name;
    text[0] = '\0';
    for (size_t i = 0; i < rows.count && used < sizeof text; i++) {
        struct span s = db_rows_text(&rows, i, 0);
        int n = snprintf(text + used, sizeof text - used, "%s%.*s",
                         i ? "\n" : "", SPAN_ARGS(s));

        used += (size_t)n;
    }
    db_rows_release(&rows);
    return text;
}

bool test_db_heals(struct db *db, int64_t call_us, int64_t within_us)
{
    int64_t until_us = clock_mono_us() + within_us;
    struct err err;

    while (clock_mono_us() < until_us) {
        if (db_ping(db, clock_mono_us() + call_us, &err))
            return true;
        usleep(NAP_US);
    }
    return false;
}

void test_db_await(struct db *db, const char *statement)
{
    char sql[SQL_BYTES];
    int64_t until_us = test_db_soon();

    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' "
             "AND datname = current_database() AND query LIKE '%s%%'",
             statement);
    while (!test_db_number(db, sql)) {
        if (clock_mono_us() > until_us)
            die(statement, NULL);
        usleep(NAP_US);
    }
}

/* All migrations together name the template: a changed one makes a new one. */
static void template_name(char out[NAME_BYTES])
{
    struct hash_stream h;

    hash_begin(&h);
    for (const struct sql_migration *m = sql_migrations; m->name; m++)
        hash_add(&h, m->text, strlen(m->text));
    snprintf(out, NAME_BYTES, "kith_template_%016lx",
             (unsigned long)hash_end(&h));
}

static void make_template(struct db *server, const char *template)
{
    char at[URL_BYTES], sql[SQL_BYTES], draft[NAME_BYTES + 16];
    struct db db;
    struct err err;
    size_t applied;

    snprintf(draft, sizeof draft, "%s_draft", template);
    snprintf(sql, sizeof sql, "DROP DATABASE IF EXISTS %s", draft);
    test_db_run(server, sql);
    snprintf(sql, sizeof sql, "CREATE DATABASE %s", draft);
    test_db_run(server, sql);
    url_of(draft, at);
    open_url(&db, at);
    if (!migrate_run(&db, sql_migrations, test_db_soon(), &applied, &err))
        die("migrate", &err);
    db_release(&db);
    /* The name appears only when the template is finished. */
    snprintf(sql, sizeof sql, "ALTER DATABASE %s RENAME TO %s", draft,
             template);
    test_db_run(server, sql);
}

static void need_template(struct db *server, const char *template)
{
    char sql[SQL_BYTES];
    struct err err;
    bool mine = false;

    while (!mine) {
        if (!db_lock_try(server, TEMPLATE_LOCK, test_db_soon(), &mine, &err))
            die("lock", &err);
        if (!mine)
            usleep(NAP_US);
    }
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM pg_database WHERE datname = '%s'", template);
    if (!test_db_number(server, sql))
        make_template(server, template);
    if (!db_unlock(server, TEMPLATE_LOCK, test_db_soon(), &err))
        die("unlock", &err);
}

static void drop_database(void)
{
    struct db server;
    char sql[SQL_BYTES];

    if (getpid() != owner)
        return; /* a forked test */
    open_server(&server);
    snprintf(sql, sizeof sql, "DROP DATABASE IF EXISTS %s WITH (FORCE)", name);
    test_db_run(&server, sql);
    db_release(&server);
}

static void create(bool migrated)
{
    char template[NAME_BYTES] = "template1", sql[SQL_BYTES];
    struct db server;

    snprintf(name, sizeof name, "kith_test_%d_%ld", (int)getpid(),
             (long)(clock_mono_us() % SOON_US));
    url_of(name, url);
    open_server(&server);
    if (migrated) {
        template_name(template);
        need_template(&server, template);
    }
    snprintf(sql, sizeof sql, "CREATE DATABASE %s TEMPLATE %s", name, template);
    test_db_run(&server, sql);
    db_release(&server);
    owner = getpid();
    atexit(drop_database);
}

void test_db_create(void)
{
    create(true);
}

void test_db_create_bare(void)
{
    create(false);
}

const char *test_db_url(void)
{
    return url;
}

void test_db_open(struct db *db)
{
    open_url(db, url);
}

void test_db_empty(struct db *db)
{
    test_db_run(db, "TRUNCATE users, posts, user_interactions, "
                    "user_recommendations, post_counts CASCADE");
}

struct uuid test_id(unsigned number)
{
    char text[UUID_TEXT + 1];
    struct uuid id;

    snprintf(text, sizeof text, "00000000-0000-4000-8000-%012u", number);
    if (!uuid_find(span_of(text), &id))
        die("test_id", NULL);
    return id;
}
