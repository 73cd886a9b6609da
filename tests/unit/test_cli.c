/* The command line of kith, as far as it needs no database. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "../support/program.h"

static struct program p;
static char keys[4096];
static const char *const settings[] = {keys, "KITH_LOG_LEVEL=0", NULL};

static const char *const commands[] = {
    "migrate", "import", "demo",     "train",    "recommend", "nightly",
    "status",  "token",  "settings", "evaluate", "tune",      "runs",
    "models",  "replay", "drain",    "announce", "rejected"};

static void kith(const char *line)
{
    program_kith_run(&p, settings, line);
}

START_TEST(help_names_every_command_and_the_exit_codes)
{
    kith("--help");
    ck_assert_int_eq(p.code, 0);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        ck_assert_ptr_nonnull(strstr(p.out, commands[i]));
    ck_assert_ptr_nonnull(strstr(p.out, "Exit codes: 0 done"));
}
END_TEST

START_TEST(every_command_has_help_of_its_own)
{
    char line[64], usage[64];

    snprintf(line, sizeof line, "%s --help", commands[_i]);
    snprintf(usage, sizeof usage, "Usage: kith %s", commands[_i]);
    kith(line);
    ck_assert_int_eq(p.code, 0);
    ck_assert(!strncmp(p.out, usage, strlen(usage)));
    ck_assert_ptr_nonnull(strstr(p.out, "Exit codes: 0 "));
    ck_assert_str_eq(p.err, "");
}
END_TEST

START_TEST(help_is_a_word_as_well)
{
    kith("help");
    ck_assert_int_eq(p.code, 0);
    ck_assert(!strncmp(p.out, "Usage: kith COMMAND", 19));
    kith("help runs");
    ck_assert_int_eq(p.code, 0);
    ck_assert(!strncmp(p.out, "Usage: kith runs", 16));
    kith("help nonsense");
    ck_assert_int_eq(p.code, 2);
}
END_TEST

START_TEST(an_option_without_its_value_is_told)
{
    kith("runs --last");
    ck_assert_int_eq(p.code, 2);
    ck_assert_ptr_nonnull(strstr(p.err, "--last needs a value"));
}
END_TEST

START_TEST(there_are_no_options_of_one_letter)
{
    kith("status -xy");
    ck_assert_int_eq(p.code, 2);
    ck_assert_ptr_nonnull(strstr(p.err, "bad option -x\n"));
}
END_TEST

START_TEST(a_value_for_an_option_that_takes_none_is_told)
{
    kith("status --json=yes");
    ck_assert_int_eq(p.code, 2);
    ck_assert_ptr_nonnull(strstr(p.err, "--json=yes: takes no value"));
}
END_TEST

START_TEST(an_unknown_option_is_a_usage_error_everywhere)
{
    char line[64];

    snprintf(line, sizeof line, "%s --no-such-option", commands[_i]);
    kith(line);
    ck_assert_int_eq(p.code, 2);
    ck_assert_ptr_nonnull(strstr(p.err, "--no-such-option"));
    ck_assert_str_eq(p.out, "");
}
END_TEST

START_TEST(help_needs_no_valid_settings)
{
    static const char *const wrong[] = {"KITH_DB_WAIT_MS=never", NULL};

    program_kith_run(&p, wrong, "import --help");
    ck_assert_int_eq(p.code, 0);
    program_kith_run(&p, wrong, "status");
    ck_assert_int_eq(p.code, 2);
    ck_assert_ptr_nonnull(strstr(p.err, "KITH_DB_WAIT_MS"));
}
END_TEST

START_TEST(without_a_command_the_help_goes_to_stderr)
{
    kith("");
    ck_assert_int_eq(p.code, 2);
    ck_assert_str_eq(p.out, "");
    ck_assert_ptr_nonnull(strstr(p.err, "Usage: kith COMMAND"));
}
END_TEST

static const struct {
    const char *typed, *meant;
} typing[] = {
    {"imprt", "'import'"},
    {"statsu", "'status'"},
    {"mirgate", "'migrate'"},
    {"tokens", "'token'"},
};

START_TEST(a_typing_error_gets_the_nearest_command)
{
    kith(typing[_i].typed);
    ck_assert_int_eq(p.code, 2);
    ck_assert_ptr_nonnull(strstr(p.err, typing[_i].meant));
}
END_TEST

START_TEST(a_word_near_to_nothing_gets_no_suggestion)
{
    kith("zzzzzzzzzzzz");
    ck_assert_ptr_null(strstr(p.err, "did you mean"));
    kith("halt");
    ck_assert_int_eq(p.code, 2);
    ck_assert_ptr_null(strstr(p.err, "did you mean"));
}
END_TEST

START_TEST(version_is_one_line)
{
    kith("--version");
    ck_assert_int_eq(p.code, 0);
    ck_assert(!strncmp(p.out, "kith ", 5));
    ck_assert_ptr_eq(strchr(p.out, '\n'), p.out + strlen(p.out) - 1);
}
END_TEST

START_TEST(settings_lists_the_variables)
{
    kith("settings");
    ck_assert_int_eq(p.code, 0);
    ck_assert_ptr_nonnull(strstr(p.out, "KITH_DB_URL"));
    ck_assert_ptr_nonnull(
        strstr(p.out, "KITH_TRACK_EVENTS        100 (1 to 1000)\n"));
    kith("settings --json");
    ck_assert_int_eq(p.code, 0);
    ck_assert_ptr_nonnull(
        strstr(p.out, "\"KITH_TRACK_EVENTS\":{\"default\":100,\"least\":1,"
                      "\"most\":1000,\"why\":"));
    kith("settings now");
    ck_assert_int_eq(p.code, 2);
}
END_TEST

/* Makes a keys file with one new key. */
static void make_key(void)
{
    const char *path;

    kith("token --new-key");
    ck_assert_int_eq(p.code, 0);
    path = program_file("keys", span_of(p.out));
    ck_assert_int_eq(chmod(path, 0600), 0);
    snprintf(keys, sizeof keys, "KITH_TOKEN_KEYS_FILE=%s", path);
}

START_TEST(a_new_key_signs_a_token_that_it_finds_good)
{
    char line[512];

    make_key();
    kith("token --user 00000000-0000-4000-8000-000000000001 --days 2");
    ck_assert_msg(p.code == 0, "%s", p.err);
    ck_assert(!strncmp(p.out, "v1.", 3));
    p.out[strcspn(p.out, "\n")] = 0;
    snprintf(line, sizeof line, "token --check %.400s", p.out);
    kith(line);
    ck_assert_int_eq(p.code, 0);
    ck_assert_ptr_nonnull(
        strstr(p.out, "user       00000000-0000-4000-8000-000000000001"));
    ck_assert_ptr_nonnull(strstr(p.out, "days left  1\n"));
    line[strlen(line) - 1] ^= 1;
    kith(line);
    ck_assert_int_eq(p.code, 1);
    ck_assert_str_eq(p.out, "");
}
END_TEST

static const char *const wrong_token[] = {
    "token",
    "token --user nobody",
    "token --user 00000000-0000-4000-8000-000000000001 --new-key",
    "token --user 00000000-0000-4000-8000-000000000001 --days 0",
    "token --user 00000000-0000-4000-8000-000000000001 --days 3651",
    "token --user",
    "token x",
};

START_TEST(a_wrong_way_to_ask_for_a_token_is_a_usage_error)
{
    make_key();
    kith(wrong_token[_i]);
    ck_assert_int_eq(p.code, 2);
    ck_assert_str_eq(p.out, "");
}
END_TEST

START_TEST(a_missing_keys_file_is_named)
{
    snprintf(keys, sizeof keys, "KITH_TOKEN_KEYS_FILE=/nonexistent/keys");
    kith("token --user 00000000-0000-4000-8000-000000000001");
    ck_assert_int_eq(p.code, 1);
    ck_assert_ptr_nonnull(strstr(p.err, "/nonexistent/keys"));
}
END_TEST

START_TEST(status_without_a_database_is_exit_code_three)
{
    static const char *const away[] = {
        "KITH_DB_URL=postgresql:///x?host=/nonexistent",
        "KITH_MODEL=/nonexistent/model", "KITH_LOG_LEVEL=0", NULL};

    program_kith_run(&p, away, "status --json");
    ck_assert_int_eq(p.code, 3);
    ck_assert_ptr_nonnull(strstr(p.out, "\"database\":\"down\""));
    ck_assert_ptr_nonnull(strstr(p.out, "\"posts\":null"));
    ck_assert_ptr_nonnull(strstr(p.out, "\"model\":null"));
    program_kith_run(&p, away, "migrate");
    ck_assert_int_eq(p.code, 3);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("cli");
    TCase *tc = tcase_create("cli");
    SRunner *sr = srunner_create(s);
    const int count = sizeof commands / sizeof commands[0];
    int failed;

    program_folder();
    snprintf(keys, sizeof keys, "KITH_LOG_LEVEL=0");
    tcase_add_test(tc, help_is_a_word_as_well);
    tcase_add_test(tc, an_option_without_its_value_is_told);
    tcase_add_test(tc, there_are_no_options_of_one_letter);
    tcase_add_test(tc, a_value_for_an_option_that_takes_none_is_told);
    tcase_add_test(tc, help_names_every_command_and_the_exit_codes);
    tcase_add_loop_test(tc, every_command_has_help_of_its_own, 0, count);
    tcase_add_loop_test(tc, an_unknown_option_is_a_usage_error_everywhere, 0,
                        count);
    tcase_add_test(tc, help_needs_no_valid_settings);
    tcase_add_test(tc, without_a_command_the_help_goes_to_stderr);
    tcase_add_loop_test(tc, a_typing_error_gets_the_nearest_command, 0,
                        sizeof typing / sizeof typing[0]);
    tcase_add_test(tc, a_word_near_to_nothing_gets_no_suggestion);
    tcase_add_test(tc, version_is_one_line);
    tcase_add_test(tc, settings_lists_the_variables);
    tcase_add_test(tc, a_new_key_signs_a_token_that_it_finds_good);
    tcase_add_loop_test(tc, a_wrong_way_to_ask_for_a_token_is_a_usage_error, 0,
                        sizeof wrong_token / sizeof wrong_token[0]);
    tcase_add_test(tc, a_missing_keys_file_is_named);
    tcase_add_test(tc, status_without_a_database_is_exit_code_three);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
