/*
 * test_db.h -- a migrated database of its own for one test program.
 *
 * Use      main: test_db_create(); each test: test_db_open(&db), work,
 *          db_release(&db). Tests of one program share the database: they use
 *          ids of their own, or begin with test_db_empty(&db).
 * Cost     the first program of a server migrates a template, all others copy
 *          it: about 0.1 s.
 * Needs    DB_URL of a superuser (tests/support/with_pg.sh); ends the program
 *          with a sentence when anything fails.
 * Cleanup  dropped when the program that created it exits.
 */
#pragma once

#include <stdint.h>

#include "base/uuid.h"
#include "store/db.h"

void test_db_create(void);
/* An empty database, not migrated. */
void test_db_create_bare(void);

const char *test_db_url(void);
void test_db_open(struct db *db);
/* Deletes all rows of all tables of kith. */
void test_db_empty(struct db *db);

/* Far enough for any statement of a test. */
int64_t test_db_soon(void);

/*
 * Pings, each time with a deadline of call_us, until one succeeds: true. False
 * when none has within within_us.
 */
bool test_db_heals(struct db *db, int64_t call_us, int64_t within_us);

/* Waits until a statement that begins like this runs on the server. */
void test_db_await(struct db *db, const char *statement);

/* Runs SQL; *out is the number in the first column of the last result. */
void test_db_run(struct db *db, const char *sql);
int64_t test_db_number(struct db *db, const char *sql);
/* The rows of a statement that gives one text column, joined by newlines; valid
 * until the next call. */
const char *test_db_text(struct db *db, const char *sql);

/* A readable id: the same number gives the same id; not nil. */
struct uuid test_id(unsigned number);
