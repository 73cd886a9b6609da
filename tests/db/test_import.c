/* What `kith import` leaves in the database. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "../support/program.h"
#include "../support/test_db.h"

enum { MANY = 100000, MANY_SECONDS = 60, URL_BYTES = 1024 };

static struct program p;
static struct db db;
static char db_url[URL_BYTES];
static const char *const settings[] = {db_url, "KITH_LOG_LEVEL=0", NULL};

static void set_up(void)
{
    test_db_open(&db);
    test_db_empty(&db);
}

static void tear_down(void)
{
    db_release(&db);
}

static const char *put(const char *name, const char *text)
{
    return program_file(name, span_of(text));
}

static void import(const char *path)
{
    char line[4096];

    snprintf(line, sizeof line, "import --json %s", path);
    program_kith_run(&p, settings, line);
    ck_assert_msg(p.code == 0, "exit %d: %s", p.code, p.err);
}

static void assert_said(const char *piece)
{
    ck_assert_msg(strstr(p.out, piece) != NULL, "no %s in %s", piece, p.out);
}

static void assert_text(const char *sql, const char *wanted)
{
    ck_assert_str_eq(test_db_text(&db, sql), wanted);
}

static const char deskdrop[] =
    "timestamp,eventType,contentId,personId\n"
    "1465413032,VIEW,-349,-884\n1465413033,LIKE,-349,-884\n"
    "1465413034,BOOKMARK,-349,-884\n1465413035,FOLLOW,-349,-884\n"
    "1465413036,COMMENT CREATED,-349,-884\n1465413000,VIEW,-349,77\n";

START_TEST(deskdrop_kinds_become_types)
{
    import(put("a/x", deskdrop));
    assert_text("SELECT interaction_type FROM user_interactions "
                "ORDER BY created_at",
                "view\nview\nlike\nlike\nlike\nshare");
    assert_text("SELECT (extract(epoch FROM published_at)::bigint)::text "
                "FROM posts",
                "1465413000");
    ck_assert(
        !strncmp(test_db_text(&db, "SELECT title FROM posts"), "Article ", 8));
    ck_assert_int_eq(test_db_number(&db, "SELECT count(*) FROM users"), 2);
}
END_TEST

/* The ids are a promise: another version of kith must find the same rows.
 * sha1(namespace + "deskdrop:person:77") and "...:article:-349", worked out
 * with another implementation of RFC 9562. */
START_TEST(ids_follow_from_source_and_key)
{
    import(put("ids/x", deskdrop));
    assert_text("SELECT id::text FROM posts",
                "1fa48664-67ca-541e-9e6f-1f6e18145634");
    ck_assert_int_eq(test_db_number(&db,
                                    "SELECT count(*) FROM users WHERE id = "
                                    "'bfbbef12-6fe4-5e82-8c87-764dbde4e623'"),
                     1);
    ck_assert_int_eq(
        test_db_number(&db,
                       "SELECT count(*) FROM user_interactions "
                       "WHERE id = '4d34e456-9db8-5e53-8250-0e5c1848c394'"),
        1);
}
END_TEST

START_TEST(a_second_import_adds_nothing)
{
    import(put("b/x", deskdrop));
    assert_said("\"interactions\":{\"read\":6,\"new\":6,\"already_there\":0}");
    import(program_path("b/x"));
    assert_said("\"posts\":{\"read\":1,\"new\":0,\"already_there\":1}");
    assert_said("\"users\":{\"read\":2,\"new\":0,\"already_there\":2}");
    assert_said("\"interactions\":{\"read\":6,\"new\":0,\"already_there\":6}");
    ck_assert_int_eq(
        test_db_number(&db, "SELECT count(*) FROM user_interactions"), 6);
}
END_TEST

START_TEST(the_same_event_twice_in_a_file_is_two_events_once)
{
    put("c/posts", "id,title\np,x\n");
    put("c/events", "user,post,type,at\nu,p,view,1700000000\n"
                    "u,p,view,1700000000\nu,p,view,1700000000\n");
    import(program_path("c"));
    import(program_path("c"));
    ck_assert_int_eq(
        test_db_number(&db, "SELECT count(*) FROM user_interactions"), 3);
}
END_TEST

START_TEST(what_an_interrupted_import_left_out_comes_with_the_next)
{
    put("i/posts", "id,title\np,x\n");
    put("i/events", "user,post,type,at\nu,p,view,1700000000\n"
                    "u,p,like,1700000001\n");
    import(program_path("i"));
    test_db_run(&db, "DELETE FROM user_interactions WHERE "
                     "interaction_type = 'like'");
    import(program_path("i"));
    assert_said("\"interactions\":{\"read\":2,\"new\":1,\"already_there\":1}");
}
END_TEST

START_TEST(events_on_unknown_posts_are_counted)
{
    put("d/posts", "id,title\np,x\n");
    put("d/events", "user,post,type,at\nu,p,view,1700000000\n"
                    "u,q,view,1700000000\n");
    import(program_path("d"));
    assert_said("\"unknown_post\":1");
    assert_said("\"interactions\":{\"read\":2,\"new\":1,\"already_there\":0}");
}
END_TEST

START_TEST(plain_uuids_stay_and_fields_arrive)
{
    put("e/posts",
        "id,title,body,author,tags,published_at,image,url\n"
        "00000000-0000-4000-8000-00000000000a,T,\"B\nb\",00000000-0000-4000-"
        "8000-00000000000b,one; two,2020-01-02T03:04:05Z,/a.png,"
        "https://x.example/\n");
    put("e/users", "id,name\n00000000-0000-4000-8000-00000000000B,Ann\n");
    put("e/events", "id,user,post,type,at\n"
                    "00000000-0000-4000-8000-00000000000c,"
                    "00000000-0000-4000-8000-00000000000b,"
                    "00000000-0000-4000-8000-00000000000a,share,"
                    "1700000000123\n");
    import(program_path("e"));
    assert_text("SELECT concat_ws('|', p.id, title, body, u.name, tags::text, "
                "extract(epoch FROM published_at)::bigint, image, url) "
                "FROM posts p JOIN users u ON u.id = p.author_id",
                "00000000-0000-4000-8000-00000000000a|T|B\nb|Ann|{one,two}|"
                "1577934245|/a.png|https://x.example/");
    assert_text("SELECT concat_ws('|', id, interaction_type, "
                "(extract(epoch FROM created_at) * 1000)::bigint) "
                "FROM user_interactions",
                "00000000-0000-4000-8000-00000000000c|share|1700000000123");
}
END_TEST

START_TEST(films_arrive_with_genres_in_utf8)
{
    put("f/u.item", "1|Am\xe9lie (2001)|01-Jan-2001||http://x.example/1|0|0|0|"
                    "0|0|1|0|0|0|0|0|0|0|0|1|0|0|0|0\n");
    import(put("f/u.data", "1\t1\t5\t881250949\n1\t1\t3\t881250950\n"));
    assert_text("SELECT concat_ws('|', title, tags::text, published_at::date) "
                "FROM posts",
                "Am\xc3\xa9lie (2001)|{comedy,romance}|2001-01-01");
    assert_text("SELECT interaction_type FROM user_interactions "
                "ORDER BY created_at, interaction_type",
                "like\nview\nview");
}
END_TEST

START_TEST(questions_arrive_with_author_and_types)
{
    put("g/posts.jsonl",
        "{\"post_id\":1,\"created\":\"2018-03-12T17:00:45.567\",\"title\":"
        "\"Why?\",\"tags\":[\"a\",\"b\"],\"body\":\"Text\",\"author_id\":7,"
        "\"author\":\"Ann\",\"url\":\"https://x.example/q/1\"}\n");
    put("g/events.tsv", "timestamp\tuser_id\tpost_id\tevent\n"
                        "2018-03-12T17:00:45\t7\t1\task\n"
                        "2018-03-13T00:00:00\t8\t1\tcomment\n"
                        "2018-03-14T00:00:00\t8\t1\tfavorite\n"
                        "2018-03-15T00:00:00\t8\t1\tanswer\n"
                        "2018-03-16T00:00:00\t8\t1\tbounty\n");
    import(program_path("g"));
    assert_text("SELECT concat_ws('|', title, u.name, tags::text) FROM posts p "
                "JOIN users u ON u.id = p.author_id",
                "Why?|Ann|{a,b}");
    assert_text("SELECT interaction_type FROM user_interactions "
                "ORDER BY created_at",
                "click\nlike\nshare\nshare");
}
END_TEST

START_TEST(another_source_name_keeps_two_sites_apart)
{
    char path[4096];

    put("s/x", deskdrop);
    import(program_path("s"));
    snprintf(path, sizeof path, "--source other %s", program_path("s"));
    import(path);
    ck_assert_int_eq(test_db_number(&db, "SELECT count(*) FROM posts"), 2);
    ck_assert_int_eq(
        test_db_number(&db, "SELECT count(*) FROM user_interactions"), 12);
}
END_TEST

START_TEST(a_dry_run_writes_nothing)
{
    import(put("n/x", deskdrop));
    test_db_empty(&db);
    {
        char path[4096];
        snprintf(path, sizeof path, "--dry-run %s", program_path("n/x"));
        import(path);
    }
    ck_assert_int_eq(test_db_number(&db, "SELECT count(*) FROM posts"), 0);
    ck_assert_int_eq(test_db_number(&db, "SELECT count(*) FROM users"), 0);
}
END_TEST

START_TEST(a_hundred_thousand_interactions_cross_a_batch)
{
    enum { LINE = 64 };
    char *text = malloc((size_t)MANY * LINE + LINE);
    size_t used;

    ck_assert_ptr_nonnull(text);
    put("m/posts", "id,title\np0,a\np1,b\np2,c\np3,d\np4,e\np5,f\np6,g\n");
    used = (size_t)snprintf(text, LINE, "user,post,type,at\n");
    for (int i = 0; i <= MANY; i++)
        used += (size_t)snprintf(text + used, LINE, "u%d,p%d,view,%d\n",
                                 i % 997, i % 7, 1700000000 + i);
    program_file("m/events", (struct span){text, used});
    free(text);
    import(program_path("m"));
    assert_said("\"interactions\":{\"read\":100001,\"new\":100001,"
                "\"already_there\":0}");
    ck_assert_int_eq(
        test_db_number(&db, "SELECT count(*) FROM user_interactions"),
        MANY + 1);
}
END_TEST

START_TEST(a_database_that_is_away_is_exit_code_three)
{
    static const char *const away[] = {
        "KITH_DB_URL=postgresql:///x?host=/nonexistent", "KITH_LOG_LEVEL=0",
        NULL};
    char line[4096];

    snprintf(line, sizeof line, "import %s", put("x/x", deskdrop));
    program_kith_run(&p, away, line);
    ck_assert_int_eq(p.code, 3);
}
END_TEST

/* The public sets are not part of the repository; what they hold is known. */
/* clang-format off */
static const struct {
    const char *name, *posts, *users, *events;
} sets[] = {
    {"deskdrop",              "\"posts\":{\"read\":2987,\"new\":2987,", "\"users\":{\"read\":1895,", "\"interactions\":{\"read\":72312,\"new\":72312,"},
    {"movielens-100k",        "\"posts\":{\"read\":1682,\"new\":1682,", "\"users\":{\"read\":943,",  "\"interactions\":{\"read\":155375,\"new\":155375,"},
    {"stackexchange-quantum", "\"posts\":{\"read\":612,\"new\":612,",   "\"users\":{\"read\":555,",  "\"interactions\":{\"read\":5199,\"new\":5199,"},
};
/* clang-format on */

START_TEST(a_public_set_arrives_whole)
{
    char path[256];
    struct stat st;

    snprintf(path, sizeof path, "../shared/data/%s", sets[_i].name);
    if (stat(path, &st)) {
        fprintf(stderr, "skipped: %s is not here\n", path);
        return;
    }
    import(path);
    assert_said(sets[_i].posts);
    assert_said(sets[_i].users);
    assert_said(sets[_i].events);
    assert_said("\"skipped\":{\"total\":0,");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("import (database)");
    TCase *tc = tcase_create("import");
    SRunner *sr = srunner_create(s);
    int failed;

    program_folder();
    test_db_create();
    snprintf(db_url, sizeof db_url, "KITH_DB_URL=%s", test_db_url());
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_set_timeout(tc, MANY_SECONDS);
    tcase_add_test(tc, deskdrop_kinds_become_types);
    tcase_add_test(tc, ids_follow_from_source_and_key);
    tcase_add_test(tc, a_second_import_adds_nothing);
    tcase_add_test(tc, the_same_event_twice_in_a_file_is_two_events_once);
    tcase_add_test(tc, what_an_interrupted_import_left_out_comes_with_the_next);
    tcase_add_test(tc, events_on_unknown_posts_are_counted);
    tcase_add_test(tc, plain_uuids_stay_and_fields_arrive);
    tcase_add_test(tc, films_arrive_with_genres_in_utf8);
    tcase_add_test(tc, questions_arrive_with_author_and_types);
    tcase_add_test(tc, another_source_name_keeps_two_sites_apart);
    tcase_add_test(tc, a_dry_run_writes_nothing);
    tcase_add_test(tc, a_hundred_thousand_interactions_cross_a_batch);
    tcase_add_test(tc, a_database_that_is_away_is_exit_code_three);
    tcase_add_loop_test(tc, a_public_set_arrives_whole, 0,
                        sizeof sets / sizeof sets[0]);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
