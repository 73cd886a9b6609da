/* What `kith import --dry-run` makes of small files: needs no database. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "../support/program.h"
#include "web/json.h"

static struct program p;
static struct json said;
static struct err err;

static const char *const settings[] = {"KITH_LOG_LEVEL=0", NULL};

static const char deskdrop[] =
    "timestamp,eventType,contentId,personId,sessionId,userAgent,userRegion,"
    "userCountry\n"
    "1465413032,VIEW,-349,-884,1,,,\n"
    "1465413033,LIKE,-349,-884,1,\"Mozilla/5.0 (KHTML, like Gecko)\",NY,US\n"
    "1465413034,BOOKMARK,-349,-884,1,,,\n"
    "1465413035,FOLLOW,890,-884,1,,,\n"
    "1465413036,COMMENT CREATED,890,77,1,,,\n";
static const char ratings[] = "1\t1\t5\t881250949\n"
                              "1\t2\t3\t881250950\n"
                              "2\t1\t4\t881250951\n"
                              "2\t9\t1\t881250952\n";
static const char films[] =
    "1|Am\xe9lie (2001)|01-Jan-2001||http://x.example/1|0|0|0|0|0|1|0|0|0|0|0|"
    "0|0|0|1|0|0|0|0\n"
    "2|unknown||||1|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0\n";
static const char questions[] =
    "{\"post_id\": 1, \"created\": \"2018-03-12T17:00:45.567\", \"title\": "
    "\"Why?\", \"tags\": [\"a\"], \"body\": \"Text\", \"author_id\": 7, "
    "\"author\": \"Ann\", \"url\": \"https://x.example/q/1\"}\n"
    "{\"post_id\": 2, \"created\": \"2018-03-13T17:00:45\", \"title\": "
    "\"How?\","
    " \"tags\": [], \"body\": \"\", \"author_id\": null, \"author\": null}\n";
static const char answers[] = "timestamp\tuser_id\tpost_id\tevent\n"
                              "2018-03-12T17:00:45.567\t7\t1\task\n"
                              "2018-03-12T00:00:00.000\t8\t1\tfavorite\n"
                              "2018-03-13T00:00:00.000\t8\t1\tcomment\n"
                              "2018-03-13T00:00:01.000\t9\t2\tanswer\n"
                              "2018-03-13T00:00:02.000\t9\t2\tbounty\n";
static const char plain_posts[] =
    "tags;title;id\n\"a, b\";First;p1\n;\"Second \"\"one\"\"\";p2\n";
static const char plain_users[] = "name,id\nAnn,u1\nBob,u2\n";
static const char plain_events[] =
    "{\"user\":\"u1\",\"post\":\"p1\",\"type\":\"view\",\"at\":1700000000}\n"
    "{\"user\":\"u2\",\"post\":\"p1\",\"type\":\"like\",\"at\":"
    "\"2023-11-14T22:13:20Z\"}\n"
    "{\"id\":\"p3\",\"title\":\"Third\"}\n"
    "{\"id\":\"u3\",\"name\":\"Eve\"}\n";

static const char *put(const char *name, const char *text)
{
    return program_file(name, span_of(text));
}

/* Runs over `path` and reads the summary. */
static void import(const char *path)
{
    char line[4096];

    snprintf(line, sizeof line, "import --dry-run --json %s", path);
    program_kith_run(&p, settings, line);
    if (*p.out)
        ck_assert_msg(
            json_parse(span_of(p.out), sizeof p.out, JSON_DEPTH, &said, &err),
            "%s: %s", err.what, p.out);
}

/* The number behind "a" or "a/b" of the summary. */
static int64_t number(const char *part, const char *key)
{
    struct json object = said;
    int64_t value = -1;

    if (part)
        ck_assert(json_find_object(&said, part, &object, NULL, &err));
    ck_assert_msg(json_find_i64(&object, key, 0, INT64_MAX, &value, NULL, &err),
                  "%s in %s", err.what, p.out);
    return value;
}

static int64_t skipped(const char *reason)
{
    struct json skip, by;
    int64_t value = 0;
    bool found;

    ck_assert(json_find_object(&said, "skipped", &skip, NULL, &err));
    ck_assert(json_find_object(&skip, "by_reason", &by, NULL, &err));
    ck_assert(json_find_i64(&by, reason, 0, INT64_MAX, &value, &found, &err));
    return value;
}

static void assert_read(int64_t posts, int64_t users, int64_t events)
{
    ck_assert_int_eq(p.code, 0);
    ck_assert_int_eq(number("posts", "read"), posts);
    ck_assert_int_eq(number("users", "read"), users);
    ck_assert_int_eq(number("interactions", "read"), events);
}

START_TEST(deskdrop_is_known_by_its_content)
{
    import(put("a/anything.txt", deskdrop));
    assert_read(2, 2, 5);
    ck_assert_int_eq(number(NULL, "lines"), 6);
    ck_assert_int_eq(number("skipped", "total"), 0);
    ck_assert_ptr_nonnull(strstr(p.out, "Deskdrop events"));
    ck_assert_ptr_nonnull(strstr(p.out, "Deskdrop has no titles"));
}
END_TEST

START_TEST(movielens_finds_its_films_beside_its_ratings)
{
    put("b/u.item", films);
    import(put("b/u.data", ratings));
    /* Two listed films and one more; four views and two likes. */
    assert_read(3, 2, 6);
    ck_assert_int_eq(number("skipped", "total"), 0);
    ck_assert_ptr_nonnull(strstr(p.out, "films without a line in u.item"));
}
END_TEST

START_TEST(movielens_splits_beside_u_data_are_not_read_again)
{
    put("c/u.item", films);
    put("c/u.data", ratings);
    put("c/ua.base", ratings);
    put("c/u.user", "1|24|M|technician|85711\n");
    put("c/u.genre", "unknown|0\nAction|1\n");
    import(program_path("c"));
    assert_read(3, 2, 6);
    ck_assert_ptr_nonnull(strstr(p.out, "ua.base: left out"));
    ck_assert_ptr_nonnull(strstr(p.out, "u.user (MovieLens users): left out"));
}
END_TEST

START_TEST(stack_exchange_posts_and_events_come_together)
{
    put("d/posts.jsonl", questions);
    put("d/votes.tsv", "date\tpost_id\ton\tvote\n2018-03-12\t1\tanswer\tup\n");
    put("d/events.tsv", answers);
    import(program_path("d"));
    assert_read(2, 3, 4);
    ck_assert_int_eq(number(NULL, "authorship_only"), 1);
    ck_assert_ptr_nonnull(strstr(p.out, "votes name no voter"));
}
END_TEST

START_TEST(stack_exchange_events_alone_find_their_posts)
{
    put("e/posts.jsonl", questions);
    import(put("e/events.tsv", answers));
    assert_read(2, 3, 4);
}
END_TEST

START_TEST(plain_rows_come_as_csv_and_as_json_lines)
{
    put("f/1.csv", plain_posts);
    put("f/2", plain_users);
    put("f/3.jsonl", plain_events);
    import(program_path("f"));
    assert_read(3, 3, 2);
    ck_assert_int_eq(number("skipped", "total"), 0);
}
END_TEST

START_TEST(gzip_is_read_directly)
{
    put("g/x", deskdrop);
    program_gzip("g/x");
    import(program_path("g/x.gz"));
    assert_read(2, 2, 5);
}
END_TEST

START_TEST(a_gzip_cut_short_is_an_error)
{
    static char bytes[1 << 16];
    FILE *f;
    size_t n;

    put("cut/x", deskdrop);
    program_gzip("cut/x");
    f = fopen(program_path("cut/x.gz"), "r");
    ck_assert_ptr_nonnull(f);
    n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    import(program_file("cut/y.gz", (struct span){bytes, n - 12}));
    ck_assert_int_eq(p.code, 1);
    ck_assert_ptr_nonnull(strstr(p.err, "y.gz"));
}
END_TEST

/* A file of which every line but the first is bad, and why. */
static const struct {
    const char *head, *line, *reason;
} bad[] = {
    {"id,title\n", "p1\n", "bad_line"},
    {"id,title\n", "p1,a,b\n", "bad_line"},
    {"id,title\n", "p1,a\"b\n", "bad_line"},
    {"id,title\n", "p1,\"open\n", "bad_line"},
    {"id,title\n", ",x\n", "bad_id"},
    {"id,title\n", "p1,  \n", "missing_field"},
    {"id,title\n", "p1,\xff\n", "bad_text"},
    {"id,title,url\n", "p1,x,javascript:alert(1)\n", "bad_value"},
    {"id,title,image\n", "p1,x,//evil.example/a.png\n", "bad_value"},
    {"id,title,tags\n", "p1,x,a\tb\n", "bad_text"},
    {"id,title,published_at\n", "p1,x,yesterday\n", "bad_time"},
    {"id,name\n", "\"u\x01\",Ann\n", "bad_id"},
    {"id,name\n", "u1,\"A\nB\"\n", "bad_text"},
    {"id,name\n", "u1,Ann\nu1,Bob\n", "repeated_id"},
    {"user,post,type,at\n", "u,p,love,1700000000\n", "unknown_type"},
    {"user,post,type,at\n", "u,p,like,0x10\n", "bad_time"},
    {"user,post,type,at\n", "u,p,like,1960-01-01\n", "bad_time"},
    {"user,post,type,at\n", "u,p,like,2999-01-01\n", "time_in_the_future"},
    {"user,post,type,at\n", "u,,like,1700000000\n", "bad_id"},
    {"{\"id\":1,\"title\":\"x\"}\n", "{\"id\":2,\n", "bad_line"},
    {"{\"id\":1,\"title\":\"x\"}\n", "[1]\n", "missing_field"},
    {"{\"id\":1,\"title\":\"x\"}\n", "{\"a\":1}\n", "missing_field"},
    {"{\"id\":1,\"title\":\"x\"}\n", "{\"id\":2,\"title\":[]}\n", "bad_value"},
    {"{\"id\":1,\"title\":\"x\"}\n", "{\"id\":1,\"title\":\"y\"}\n",
     "repeated_id"},
    {"timestamp,eventType,contentId,personId\n1465413032,VIEW,1,1\n",
     "1465413032,STARE,1,1\n", "unknown_type"},
    {"timestamp,eventType,contentId,personId\n1465413032,VIEW,1,1\n",
     "1465413032,VIEW,1\n", "bad_line"},
    {"timestamp,eventType,contentId,personId\n1465413032,VIEW,1,1\n",
     "soon,VIEW,1,1\n", "bad_time"},
    {"1\t1\t5\t881250949\n", "1\t1\t6\t881250949\n", "bad_value"},
    {"1\t1\t5\t881250949\n", "1\t1\t5\n", "bad_line"},
    {"1\t1\t5\t881250949\n", "one\t1\t5\t881250949\n", "bad_id"},
    {"timestamp\tuser_id\tpost_id\tevent\n", "2018-03-12\t1\t1\tlurk\n",
     "unknown_type"},
    {"timestamp\tuser_id\tpost_id\tevent\n", "2018-03-12\t1\tx\task\n",
     "bad_id"},
};

START_TEST(a_bad_line_is_counted_by_reason_and_named)
{
    char name[32], text[512], place[64];

    snprintf(name, sizeof name, "bad/%d", _i);
    snprintf(text, sizeof text, "%s%s", bad[_i].head, bad[_i].line);
    import(put(name, text));
    ck_assert_msg(skipped(bad[_i].reason) == 1, "%s: %s", bad[_i].reason,
                  p.out);
    ck_assert_int_eq(number("skipped", "total"), 1);
    snprintf(place, sizeof place, "%s:", name);
    ck_assert_msg(strstr(p.err, place) && strstr(p.err, bad[_i].reason), "%s",
                  p.err);
}
END_TEST

START_TEST(the_first_twenty_bad_lines_are_shown_and_all_are_counted)
{
    static char text[1 << 14];
    size_t used = (size_t)snprintf(text, sizeof text, "id,title\n");
    int shown = 0;

    for (int i = 0; i < 50; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "p%d\n", i);
    import(put("many/x", text));
    ck_assert_int_eq(skipped("bad_line"), 50);
    for (const char *at = p.err; (at = strstr(at, "bad_line")); at++)
        shown++;
    ck_assert_int_eq(shown, 20);
    /* Not one line was usable. */
    ck_assert_int_eq(p.code, 1);
}
END_TEST

START_TEST(a_line_over_a_mebibyte_is_left_out_and_the_next_is_read)
{
    enum { LONG = (1 << 20) + 1000 };
    char *text = malloc(LONG + 100);
    size_t used;

    ck_assert_ptr_nonnull(text);
    used = (size_t)snprintf(text, LONG + 100, "id,title\np1,");
    memset(text + used, 'x', LONG);
    used += LONG;
    used += (size_t)snprintf(text + used, 100, "\np2,ok\n");
    import(program_file("long/x", (struct span){text, used}));
    free(text);
    assert_read(1, 0, 0);
    ck_assert_int_eq(skipped("bad_line"), 1);
}
END_TEST

START_TEST(a_bad_line_cannot_steer_the_terminal)
{
    import(put("esc/x", "user,post,type,at\nu,p,\x1b[2J,1700000000\n"));
    ck_assert_int_eq(skipped("unknown_type"), 1);
    ck_assert_ptr_null(strchr(p.err, 0x1b));
}
END_TEST

START_TEST(columns_that_mean_nothing_are_noted)
{
    import(put("cols/x", "id,colour,name\nu1,red,Ann\n"));
    assert_read(0, 1, 0);
    ck_assert_ptr_nonnull(strstr(p.out, "column colour is not used"));
}
END_TEST

START_TEST(an_unknown_format_is_refused_and_in_a_folder_left_out)
{
    import(put("u/readme", "Hello\n"));
    ck_assert_int_eq(p.code, 1);
    ck_assert_ptr_nonnull(strstr(p.err, "no known format"));
    import(program_path("u"));
    ck_assert_int_eq(p.code, 1);
    put("u/users", plain_users);
    import(program_path("u/"));
    assert_read(0, 2, 0);
    ck_assert_ptr_nonnull(strstr(p.out, "readme: left out"));
}
END_TEST

START_TEST(a_missing_file_and_a_wrong_command_line_are_told_apart)
{
    import("/nonexistent/x");
    ck_assert_int_eq(p.code, 1);
    program_kith_run(&p, settings, "import");
    ck_assert_int_eq(p.code, 2);
    program_kith_run(&p, settings, "import --colour x");
    ck_assert_int_eq(p.code, 2);
    ck_assert_ptr_nonnull(strstr(p.err, "--colour"));
    program_kith_run(&p, settings, "import --source A:b x");
    ck_assert_int_eq(p.code, 2);
}
END_TEST

START_TEST(the_help_shows_the_tables)
{
    static const char *const words[] = {"COMMENT CREATED", "bounty",
                                        "rating 4 or 5", "published_at",
                                        "EXAMPLES"};

    program_kith_run(&p, settings, "import --help");
    ck_assert_int_eq(p.code, 0);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        ck_assert_ptr_nonnull(strstr(p.out, words[i]));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("import");
    TCase *tc = tcase_create("import");
    SRunner *sr = srunner_create(s);
    int failed;

    program_folder();
    tcase_set_timeout(tc, 30);
    tcase_add_test(tc, deskdrop_is_known_by_its_content);
    tcase_add_test(tc, movielens_finds_its_films_beside_its_ratings);
    tcase_add_test(tc, movielens_splits_beside_u_data_are_not_read_again);
    tcase_add_test(tc, stack_exchange_posts_and_events_come_together);
    tcase_add_test(tc, stack_exchange_events_alone_find_their_posts);
    tcase_add_test(tc, plain_rows_come_as_csv_and_as_json_lines);
    tcase_add_test(tc, gzip_is_read_directly);
    tcase_add_test(tc, a_gzip_cut_short_is_an_error);
    tcase_add_loop_test(tc, a_bad_line_is_counted_by_reason_and_named, 0,
                        sizeof bad / sizeof bad[0]);
    tcase_add_test(tc,
                   the_first_twenty_bad_lines_are_shown_and_all_are_counted);
    tcase_add_test(tc, a_line_over_a_mebibyte_is_left_out_and_the_next_is_read);
    tcase_add_test(tc, a_bad_line_cannot_steer_the_terminal);
    tcase_add_test(tc, columns_that_mean_nothing_are_noted);
    tcase_add_test(tc, an_unknown_format_is_refused_and_in_a_folder_left_out);
    tcase_add_test(tc, a_missing_file_and_a_wrong_command_line_are_told_apart);
    tcase_add_test(tc, the_help_shows_the_tables);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
