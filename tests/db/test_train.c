/*
 * From `kith train` to the live file: the gate, the record, the way back, and
 * what happens when the database goes away.
 */
#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/program.h"
#include "../support/test_db.h"
#include "app/registry.h"
#include "app/train.h"
#include "reco/neighbours.h"

#define MUST(call) ck_assert_msg((call), "%s", err.what)

enum { TEXT = 1024, SECONDS = 60 };

static struct program p;
static struct db db;
static struct err err;
static struct config config;
static char db_url[TEXT], model[TEXT], model_path[TEXT], extra[TEXT];
static const char *settings[] = {db_url, model, "KITH_LOG_LEVEL=0", extra,
                                 NULL};

/*
 * Two tastes: 60 readers, 40 posts. Each likes 8 posts of his taste three weeks
 * ago and 3 more yesterday.
 */
static const char fill[] =
    "INSERT INTO users (id) SELECT ('00000000-0000-4000-8000-'"
    "    || lpad(i::text, 12, '0'))::uuid FROM generate_series(0, 59) AS g (i);"
    "INSERT INTO posts (id, title, published_at)"
    "SELECT ('00000000-0000-4000-9000-' || lpad(i::text, 12, '0'))::uuid,"
    "       'title ' || i, now() - interval '40 days' "
    "FROM generate_series(0, 39) AS g (i);"
    "INSERT INTO user_interactions"
    "    (id, user_id, post_id, interaction_type, created_at)"
    "SELECT gen_random_uuid(), ('00000000-0000-4000-8000-'"
    "           || lpad(u::text, 12, '0'))::uuid,"
    "       ('00000000-0000-4000-9000-'"
    "           || lpad((u % 2 * 20 + (u / 2 + n) % 20)::text, 12, '0'))::uuid,"
    "       'like', now() - CASE WHEN n < 8 THEN interval '21 days'"
    "                            ELSE interval '1 day' END "
    "FROM generate_series(0, 59) AS a (u), generate_series(0, 10) AS b (n)";

static void set_up(void)
{
    char folder[TEXT];

    snprintf(folder, sizeof folder, "%s/%d", program_folder(), (int)getpid());
    ck_assert_int_eq(mkdir(folder, S_IRWXU), 0);
    snprintf(model_path, sizeof model_path, "%.900s/current.kith", folder);
    snprintf(model, sizeof model, "KITH_MODEL=%.1000s", model_path);
    snprintf(extra, sizeof extra, "KITH_DEMO=0");
    setenv("KITH_DB_URL", test_db_url(), true);
    setenv("KITH_MODEL", model_path, true);
    MUST(config_load(&config, &err));
    test_db_open(&db);
    test_db_empty(&db);
    test_db_run(&db, "TRUNCATE runs, run_params, run_metrics, models, "
                     "model_changes;"
                     "DROP FUNCTION IF EXISTS go_away() CASCADE");
    test_db_run(&db, fill);
}

static void tear_down(void)
{
    db_release(&db);
}

static void kith(const char *line, int code)
{
    program_kith_run(&p, settings, line);
    ck_assert_msg(p.code == code, "`kith %s`: exit %d, not %d\n%s%s", line,
                  p.code, code, p.out, p.err);
}

static void kith_with(const char *setting, const char *line, int code)
{
    snprintf(extra, sizeof extra, "%s", setting);
    kith(line, code);
    snprintf(extra, sizeof extra, "KITH_DEMO=0");
}

static void assert_said(const char *piece)
{
    ck_assert_msg(strstr(p.out, piece) != NULL, "no %s in %s", piece, p.out);
}

static void assert_number(int64_t wanted, const char *sql)
{
    int64_t is = test_db_number(&db, sql);

    ck_assert_msg(is == wanted, "%s: %lld, not %lld", sql, (long long)is,
                  (long long)wanted);
}

/* The version of the live file; valid for the next 4 calls. */
static const char *live(void)
{
    static char versions[4][MODEL_VERSION_BYTES];
    static unsigned next;
    char *version = versions[next++ % 4];

    ck_assert(registry_live(&config, version));
    return version;
}

static unsigned version_files(void)
{
    char folder[TEXT];
    unsigned count = 0;
    struct dirent *entry;
    DIR *dir;

    snprintf(folder, sizeof folder, "%s", model_path);
    snprintf(strrchr(folder, '/'), sizeof "/versions", "/versions");
    dir = opendir(folder);
    if (!dir)
        return 0;
    while ((entry = readdir(dir)) != NULL)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

/* ---- the newest readers of a post ---- */

/* Who is like a reader of the post of five readers; by their last digit. */
static uint32_t readers_like(uint32_t *last_digits, uint32_t most)
{
    static struct reco_scratch scratch;
    static struct neighbour found[NEIGHBOURS_MOST];
    const struct history_event like = {.type = EVENT_LIKE};
    struct history_event event = like;
    struct profile profile;
    struct model opened;
    uint32_t count;

    ck_assert(uuid_find(span_of("00000000-0000-4000-9000-000000000099"),
                        &event.post));
    MUST(model_open(model_path, &opened, &err));
    MUST(reco_scratch_init(&scratch, &opened, &err));
    MUST(profile_init(&profile, 1, &err));
    profile_make(&profile, &opened, &event, 1);
    count = neighbours_find(&opened, &scratch, &profile, ORDINAL_NONE,
                            NEIGHBOURS_MOST, found);
    for (uint32_t i = 0; i < count && i < most; i++)
        last_digits[i] = opened.user_ids[found[i].user].b[UUID_BYTES - 1];
    profile_release(&profile);
    reco_scratch_release(&scratch);
    model_close(&opened);
    return count;
}

START_TEST(similar_readers_are_sought_among_the_newest_readers_of_a_post)
{
    enum { READERS = 5 };
    uint32_t who[READERS];

    /* Readers 0..4, the later the newer; the first two once more, long ago. */
    test_db_run(&db,
                "INSERT INTO posts (id, title, published_at) VALUES"
                "    ('00000000-0000-4000-9000-000000000099', 'x', now());"
                "INSERT INTO user_interactions"
                "    (id, user_id, post_id, interaction_type, created_at)"
                "SELECT gen_random_uuid(), ('00000000-0000-4000-8000-'"
                "           || lpad((n % 5)::text, 12, '0'))::uuid,"
                "       '00000000-0000-4000-9000-000000000099',"
                "       CASE WHEN n < 5 THEN 'like' ELSE 'view' END,"
                "       now() - make_interval(hours => 50 - n % 5 + n / 5 * 99)"
                "FROM generate_series(0, 6) AS g (n)");
    kith_with("KITH_POST_READERS=2", "train --json", 0);
    ck_assert_uint_eq(readers_like(who, READERS), 2);
    ck_assert_uint_eq(who[0] + who[1], 3 + 4);
    assert_number(1, "SELECT count(*) FROM run_params WHERE name = "
                     "'post_readers' AND value = '2'");

    kith("train --json", 0);
    ck_assert_uint_eq(readers_like(who, READERS), READERS);
}
END_TEST

/* ---- the record ---- */

START_TEST(the_first_training_goes_live_and_is_recorded)
{
    kith("train --json", 0);
    assert_said("\"verdict\":\"passed\",\"live\":true");
    assert_said(live());
    assert_number(1, "SELECT count(*) FROM runs WHERE kind = 'train' AND "
                     "status = 'finished' AND took_us > 0 AND "
                     "length(revision) > 0 AND length(data_hash) = 16 AND "
                     "artefact_bytes > 0");
    assert_number(20, "SELECT extract(day FROM data_until - data_from)::bigint "
                      "FROM runs");
    assert_number(660, "SELECT value::bigint FROM run_metrics WHERE name = "
                       "'events'");
    assert_number(1, "SELECT count(*) FROM run_params WHERE name = "
                     "'neighbours' AND value = '100'");
    ck_assert_str_eq(test_db_text(&db, "SELECT version FROM model_changes"),
                     live());
    assert_number(1, "SELECT count(*) FROM models AS m JOIN runs AS r ON "
                     "r.id = run_id AND r.model_version = m.version AND "
                     "r.artefact_sha256 = m.sha256 AND verdict = 'passed'");
}
END_TEST

START_TEST(the_checksum_of_the_record_is_that_of_the_file)
{
    char command[TEXT + 64], sum[TEXT] = "";
    const char *const args[] = {model_path, NULL};

    kith("train", 0);
    program_run(&p, "sha256sum", settings, args);
    snprintf(sum, sizeof sum, "%.64s", p.out);
    snprintf(command, sizeof command,
             "SELECT count(*) FROM models WHERE sha256 = '%s'", sum);
    assert_number(1, command);
}
END_TEST

START_TEST(a_second_training_is_compared_with_the_first)
{
    kith("train", 0);
    kith("train --json", 0);
    assert_said("\"readers\":60,\"ndcg\":");
    assert_number(1, "SELECT count(*) FROM runs WHERE note LIKE '%: NDCG@20 %' "
                     "AND status = 'finished'");
    assert_number(1, "SELECT count(*) FROM run_metrics AS a JOIN run_metrics "
                     "AS b USING (run_id) WHERE a.name = 'ndcg@20' AND b.name "
                     "= 'live_ndcg@20' AND a.value = b.value AND a.value > 0");
}
END_TEST

START_TEST(runs_are_listed_shown_and_compared)
{
    char line[64];
    int64_t first;

    kith("runs", 0);
    assert_said("no run yet");
    kith("train", 0);
    kith_with("KITH_WEIGHT_VIEW=2", "train", 0);
    first = test_db_number(&db, "SELECT min(id) FROM runs");
    kith("runs --json", 0);
    assert_said("{\"runs\":[{\"id\":");
    kith("runs --kind evaluate --json", 0);
    assert_said("{\"runs\":[]}");
    snprintf(line, sizeof line, "runs %lld", (long long)first);
    kith(line, 0);
    assert_said("sha256");
    assert_said("neighbours");
    snprintf(line, sizeof line, "runs compare %lld %lld", (long long)first,
             (long long)first + 1);
    kith(line, 0);
    assert_said("* weights");
    assert_said("  neighbours");
    snprintf(line, sizeof line, "runs compare %lld %lld --json",
             (long long)first, (long long)first + 1);
    kith(line, 0);
    assert_said("\"name\":\"neighbours\",\"a\":\"100\",\"b\":\"100\","
                "\"same\":true");
    kith("runs 999999999", 1);
    kith("runs compare 1", 2);
    kith("runs nonsense", 2);
}
END_TEST

/* ---- the gate ---- */

START_TEST(collapsed_data_do_not_replace_a_good_model)
{
    char good[MODEL_VERSION_BYTES];

    kith("train", 0);
    snprintf(good, sizeof good, "%s", live());
    test_db_run(&db, "DELETE FROM user_interactions WHERE created_at < now() - "
                     "interval '2 days'");
    kith("train --json", 1);
    assert_said("\"verdict\":\"refused\",\"live\":false");
    ck_assert_msg(strstr(p.err, "are the data whole?") != NULL, "%s", p.err);
    ck_assert_str_eq(live(), good);
    ck_assert_uint_eq(version_files(), 2); /* it is kept */
    kith("models", 0);
    assert_said("refused");
    assert_said("KITH_GATE_COUNTS_LEAST");
    assert_number(1, "SELECT count(*) FROM runs WHERE status = 'refused'");
    assert_number(1, "SELECT count(*) FROM model_changes");
}
END_TEST

START_TEST(worse_lists_for_the_readers_of_the_last_days_are_refused)
{
    char good[MODEL_VERSION_BYTES];

    kith("train", 0);
    snprintf(good, sizeof good, "%s", live());
    kith_with("KITH_NEIGHBOURS=1", "train", 1);
    ck_assert_msg(strstr(p.err, "KITH_GATE_NDCG_MARGIN") != NULL, "%s", p.err);
    ck_assert_str_eq(live(), good);
    kith_with("KITH_GATE_DAYS=0", "train", 0);
    ck_assert_str_ne(live(), good);
}
END_TEST

/* Settings of one more variable: KITH_ALGORITHM stands in front. */
static void kith_hybrid(const char *setting, const char *line, int code)
{
    static char algorithm[] = "KITH_ALGORITHM=hybrid_v2";
    const char *all[] = {db_url,    model,   "KITH_LOG_LEVEL=0",
                         algorithm, setting, NULL};

    program_kith_run(&p, all, line);
    ck_assert_msg(p.code == code, "`kith %s`: exit %d, not %d\n%s%s", line,
                  p.code, code, p.out, p.err);
}

START_TEST(what_is_served_is_what_is_judged)
{
    kith_hybrid("KITH_DEMO=0", "train", 0);
    kith_hybrid("KITH_DEMO=0", "train", 0);
    assert_said("hybrid_v2: NDCG@20");
    /* With no weight on the neighbours their number is of no matter. */
    kith_hybrid("KITH_BLEND=0:0/100/30/10", "train", 0);
    assert_said("hybrid_v2: NDCG@20");
    kith_with("KITH_NEIGHBOURS=1", "train", 1);
    ck_assert_msg(strstr(p.err, "NDCG@20 of collaborative_filtering_v1") !=
                      NULL,
                  "%s", p.err);
    assert_number(1, "SELECT count(*) FROM runs WHERE status = 'refused'");
}
END_TEST

START_TEST(lost_texts_do_not_replace_a_good_hybrid)
{
    kith_hybrid("KITH_DEMO=0", "train", 0);
    test_db_run(&db, "UPDATE posts SET title = ''");
    kith_hybrid("KITH_DEMO=0", "train", 1);
    ck_assert_msg(strstr(p.err, "words of posts") != NULL, "%s", p.err);
    kith("train", 0); /* v1 reads no texts */
}
END_TEST

START_TEST(force_publishes_a_worse_model_and_says_so)
{
    kith("train", 0);
    kith_with("KITH_NEIGHBOURS=1", "train --force --json", 0);
    assert_said("\"verdict\":\"forced\",\"live\":true");
    assert_said(live());
    assert_number(1, "SELECT count(*) FROM models WHERE verdict = 'forced' AND "
                     "reason LIKE '%KITH_GATE_NDCG_MARGIN%'");
    assert_number(1, "SELECT count(*) FROM run_params WHERE name = 'force' AND "
                     "value = 'yes'");
}
END_TEST

START_TEST(the_nightly_pipeline_goes_on_with_the_live_model)
{
    char good[MODEL_VERSION_BYTES];

    kith("train", 0);
    snprintf(good, sizeof good, "%s", live());
    kith_with("KITH_NEIGHBOURS=1", "nightly --json", 0);
    assert_said("\"verdict\":\"refused\",\"live\":false");
    ck_assert_str_eq(live(), good);
    ck_assert_int_gt(
        test_db_number(&db, "SELECT count(*) FROM user_recommendations"), 0);
}
END_TEST

START_TEST(a_model_that_was_overtaken_is_refused)
{
    struct candidate c = {0};
    struct run_record record;
    struct train_report a, b;
    char second[MODEL_VERSION_BYTES];

    /* Two models; the first is compared while the second becomes live. */
    MUST(train_run(&db, &config, NULL, &a, &err));
    snprintf(c.version, sizeof c.version, "%s", a.version);
    MUST(candidate_judge(&config, NULL, false, &c, &err));
    MUST(train_run(&db, &config, NULL, &b, &err));
    snprintf(second, sizeof second, "%s", live());
    ck_assert_str_eq(second, b.version);
    run_record_init(&record, "train");
    MUST(candidate_settle(&db, &config, &record, test_db_soon(), &c, &err));
    ck_assert_int_eq(c.verdict, MODEL_REFUSED);
    ck_assert(!c.is_live);
    ck_assert_msg(strstr(c.reason, "train again") != NULL, "%s", c.reason);
    ck_assert_str_eq(live(), second);
    run_record_release(&record);
}
END_TEST

START_TEST(a_damaged_file_is_refused_even_by_force)
{
    struct candidate c = {0};
    char path[REGISTRY_PATH_BYTES];

    snprintf(c.version, sizeof c.version, "20260102T030405.678Z");
    MUST(registry_prepare(&config, &err));
    MUST(registry_path(&config, span_of(c.version), path, &err));
    fclose(fopen(path, "w"));
    MUST(candidate_judge(&config, NULL, true, &c, &err));
    ck_assert_int_eq(c.verdict, MODEL_REFUSED);
    ck_assert_str_ne(c.reason, "");
}
END_TEST

/* ---- the way back ---- */

START_TEST(rollback_goes_back_and_is_recorded_with_its_reason)
{
    char first[MODEL_VERSION_BYTES], second[MODEL_VERSION_BYTES];

    kith("models rollback", 1); /* nothing there */
    kith("train", 0);
    snprintf(first, sizeof first, "%s", live());
    kith("train", 0);
    snprintf(second, sizeof second, "%s", live());
    kith("models rollback --json --reason complaints", 0);
    assert_said("\"change\":\"rollback\",\"reason\":\"complaints\"");
    ck_assert_str_eq(live(), first);
    assert_number(1, "SELECT count(*) FROM model_changes WHERE change = "
                     "'rollback' AND reason = 'complaints' AND changed_at > "
                     "now() - interval '1 minute'");
    kith("models rollback", 1); /* it was the first one */
    ck_assert_str_eq(live(), first);
    kith("train", 0);
    kith("models rollback", 0);
    ck_assert_str_eq(live(), first); /* not the one that was rolled back */
    kith("models --json", 0);
    assert_said(second);
}
END_TEST

START_TEST(any_kept_model_can_be_promoted)
{
    char refused[MODEL_VERSION_BYTES], line[64 + MODEL_VERSION_BYTES];

    kith("train", 0);
    kith_with("KITH_NEIGHBOURS=1", "train", 1);
    snprintf(refused, sizeof refused, "%s",
             test_db_text(&db, "SELECT version FROM models WHERE verdict = "
                               "'refused'"));
    snprintf(line, sizeof line, "models promote %s", refused);
    kith(line, 0);
    ck_assert_str_eq(live(), refused);
    assert_number(1, "SELECT count(*) FROM model_changes WHERE change = "
                     "'promote' AND reason LIKE 'by hand, instead of 2%'");
    kith("models rollback", 0);
    ck_assert_str_ne(live(), refused);
}
END_TEST

START_TEST(promote_refuses_what_is_no_model_here)
{
    kith("train", 0);
    kith("models promote 20000101T000000.000Z", 1);
    ck_assert_msg(strstr(p.err, "kith models") != NULL, "%s", p.err);
    kith("models promote ../../etc/passwd", 2);
    kith("models promote", 2);
    kith("models demote x", 2);
    assert_number(1, "SELECT count(*) FROM model_changes");
}
END_TEST

START_TEST(a_rollback_passes_over_a_model_whose_file_is_gone)
{
    char first[MODEL_VERSION_BYTES], path[REGISTRY_PATH_BYTES];

    kith("train", 0);
    snprintf(first, sizeof first, "%s", live());
    kith("train", 0);
    MUST(registry_path(&config, span_of(live()), path, &err));
    kith("train", 0);
    ck_assert_int_eq(unlink(path), 0);
    kith("models", 0);
    assert_said("(file deleted)");
    kith("models rollback", 0);
    ck_assert_str_eq(live(), first);
}
END_TEST

START_TEST(a_model_from_before_the_record_stays_a_way_back)
{
    char found[MODEL_VERSION_BYTES], command[2 * TEXT + 64];
    const char *const args[] = {"-c", command, NULL};

    kith("train", 0);
    snprintf(found, sizeof found, "%s", live());
    /* As an earlier program left it: one file, no rows. */
    snprintf(command, sizeof command, "rm -r $(dirname %.900s)/versions",
             model_path);
    program_run(&p, "sh", settings, args);
    ck_assert_int_eq(p.code, 0);
    test_db_run(&db, "TRUNCATE runs, run_params, run_metrics, models, "
                     "model_changes");
    kith("train", 0);
    ck_assert_str_ne(live(), found);
    assert_number(1, "SELECT count(*) FROM models WHERE verdict = 'found'");
    kith("models rollback", 0);
    ck_assert_str_eq(live(), found);
}
END_TEST

START_TEST(old_versions_are_deleted_but_not_the_ways_back)
{
    char first[MODEL_VERSION_BYTES];

    kith("train", 0);
    snprintf(first, sizeof first, "%s", live());
    for (int i = 0; i < 4; i++) {
        snprintf(extra, sizeof extra, "KITH_MODELS_KEEP=2");
        program_kith_run(&p, settings, "train");
        ck_assert_int_eq(p.code, 0);
    }
    ck_assert_uint_eq(version_files(), 2);
    ck_assert(!registry_has(&config, span_of(first)));
    kith("models rollback", 0);
    assert_number(5, "SELECT count(*) FROM models"); /* rows stay */
}
END_TEST

/* ---- trouble ---- */

START_TEST(without_a_database_nothing_happens)
{
    char good[MODEL_VERSION_BYTES];
    const char *away[] = {"KITH_DB_URL=postgresql:///x?host=/nonexistent",
                          model, "KITH_LOG_LEVEL=0", NULL};
    const char *const lines[] = {"train", "nightly", "models rollback",
                                 "models", "runs"};

    kith("train", 0);
    snprintf(good, sizeof good, "%s", live());
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        program_kith_run(&p, away, lines[i]);
        ck_assert_msg(p.code == 3, "%s: %d %s", lines[i], p.code, p.err);
    }
    ck_assert_str_eq(live(), good);
    ck_assert_uint_eq(version_files(), 1);
}
END_TEST

/* The connection dies in the transaction that records the model. */
static void break_connections(void)
{
    test_db_run(&db, "CREATE FUNCTION go_away() RETURNS trigger LANGUAGE "
                     "plpgsql AS $$ BEGIN PERFORM pg_terminate_backend("
                     "pg_backend_pid()); RETURN NEW; END $$;"
                     "CREATE TRIGGER gone BEFORE INSERT ON model_changes FOR "
                     "EACH ROW EXECUTE FUNCTION go_away()");
}

START_TEST(a_database_that_goes_away_at_the_end_changes_nothing)
{
    char good[MODEL_VERSION_BYTES];

    kith("train", 0);
    snprintf(good, sizeof good, "%s", live());
    break_connections();
    kith("train", 3);
    ck_assert_str_eq(live(), good);
    ck_assert_uint_eq(version_files(), 1);
    assert_number(1, "SELECT count(*) FROM runs");
    assert_number(1, "SELECT count(*) FROM models");
    kith("models rollback", 1);
    test_db_run(&db, "DROP FUNCTION go_away() CASCADE");
    kith("train", 0);
    break_connections();
    snprintf(good, sizeof good, "%s", live());
    kith("models rollback", 3);
    ck_assert_str_eq(live(), good);
    test_db_run(&db, "DROP FUNCTION go_away() CASCADE");
}
END_TEST

START_TEST(a_failed_run_is_recorded_as_one)
{
    snprintf(model, sizeof model, "KITH_MODEL=/nonexistent/here/current.kith");
    kith("train", 1);
    assert_number(1, "SELECT count(*) FROM runs WHERE status = 'failed' AND "
                     "note LIKE '%nonexistent%' AND model_version IS NULL");
    kith("runs", 0);
    assert_said("failed");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("train (database)");
    TCase *tc = tcase_create("train");
    SRunner *sr = srunner_create(s);
    int failed;

    test_db_create();
    program_folder(); /* makes the folder of all tests */
    snprintf(db_url, sizeof db_url, "KITH_DB_URL=%s", test_db_url());
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_set_timeout(tc, SECONDS);
    tcase_add_test(tc, the_first_training_goes_live_and_is_recorded);
    tcase_add_test(tc, the_checksum_of_the_record_is_that_of_the_file);
    tcase_add_test(tc, a_second_training_is_compared_with_the_first);
    tcase_add_test(tc, runs_are_listed_shown_and_compared);
    tcase_add_test(tc, collapsed_data_do_not_replace_a_good_model);
    tcase_add_test(tc,
                   worse_lists_for_the_readers_of_the_last_days_are_refused);
    tcase_add_test(tc, what_is_served_is_what_is_judged);
    tcase_add_test(tc, lost_texts_do_not_replace_a_good_hybrid);
    tcase_add_test(tc, force_publishes_a_worse_model_and_says_so);
    tcase_add_test(tc, the_nightly_pipeline_goes_on_with_the_live_model);
    tcase_add_test(tc, a_model_that_was_overtaken_is_refused);
    tcase_add_test(tc, a_damaged_file_is_refused_even_by_force);
    tcase_add_test(tc, rollback_goes_back_and_is_recorded_with_its_reason);
    tcase_add_test(tc, any_kept_model_can_be_promoted);
    tcase_add_test(tc, promote_refuses_what_is_no_model_here);
    tcase_add_test(tc, a_rollback_passes_over_a_model_whose_file_is_gone);
    tcase_add_test(tc, a_model_from_before_the_record_stays_a_way_back);
    tcase_add_test(tc, old_versions_are_deleted_but_not_the_ways_back);
    tcase_add_test(
        tc, similar_readers_are_sought_among_the_newest_readers_of_a_post);
    tcase_add_test(tc, without_a_database_nothing_happens);
    tcase_add_test(tc, a_database_that_goes_away_at_the_end_changes_nothing);
    tcase_add_test(tc, a_failed_run_is_recorded_as_one);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
