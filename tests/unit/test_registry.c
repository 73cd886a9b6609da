/* Model files on disk: publishing, going back, what is kept. */
#include <check.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "../support/model_fixture.h"
#include "../support/program.h"
#include "app/registry.h"

#define MUST(call) ck_assert_msg((call), "%s", err.what)

static struct config config;
static struct err err;
static char folder[512], live[640];

static void set_up(void)
{
    snprintf(folder, sizeof folder, "%s/%d", program_folder(), (int)getpid());
    ck_assert_int_eq(mkdir(folder, S_IRWXU), 0);
    snprintf(live, sizeof live, "%s/current.kith", folder);
    config = (struct config){.model = live, .models_keep = 2};
}

/* A model of one pair, written where the registry wants it. */
static void make(const char *version)
{
    char path[REGISTRY_PATH_BYTES];
    struct fixture f;
    struct model_source source;

    MUST(registry_prepare(&config, &err));
    MUST(registry_path(&config, span_of(version), path, &err));
    fixture_init(&f, 2, 2);
    fixture_event(&f, 0, 1, EVENT_LIKE);
    fixture_open(&f);
    source = fixture_source(&f);
    source.version = version;
    MUST(model_write(path, &source, &err));
    fixture_close(&f);
}

static void publish(const char *version)
{
    MUST(registry_publish(&config, span_of(version), &err));
}

static void assert_live(const char *wanted)
{
    char version[MODEL_VERSION_BYTES];

    ck_assert(registry_live(&config, version));
    ck_assert_str_eq(version, wanted);
}

static bool has(const char *version)
{
    return registry_has(&config, span_of(version));
}

START_TEST(a_version_is_a_safe_file_name)
{
    static const char *const bad[] = {
        "",         ".",
        "..",       ".hidden",
        "a/b",      "../a",
        "a b",      "a\n",
        "\xc3\xa4", "0123456789012345678901234567890123456789"};

    ck_assert(registry_version_fits(SPAN("20260102T030405.678Z")));
    ck_assert(registry_version_fits(SPAN("test-1_b")));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char path[REGISTRY_PATH_BYTES];

        ck_assert_msg(!registry_version_fits(span_of(bad[i])), "%s", bad[i]);
        ck_assert(!registry_path(&config, span_of(bad[i]), path, &err));
        ck_assert_int_eq(err.code, ERR_INVALID);
    }
}
END_TEST

START_TEST(versions_lie_beside_the_live_file)
{
    char path[REGISTRY_PATH_BYTES];

    config.model = "/x/y/current.kith";
    MUST(registry_path(&config, SPAN("v1"), path, &err));
    ck_assert_str_eq(path, "/x/y/versions/v1.kith");
    config.model = "current.kith";
    MUST(registry_path(&config, SPAN("v1"), path, &err));
    ck_assert_str_eq(path, "versions/v1.kith");
}
END_TEST

START_TEST(publishing_changes_what_is_live_and_keeps_both)
{
    make("A");
    make("B");
    publish("A");
    assert_live("A");
    publish("B");
    assert_live("B");
    publish("A");
    assert_live("A");
    publish("A"); /* the same file again */
    assert_live("A");
    ck_assert(has("A") && has("B"));
}
END_TEST

START_TEST(nothing_is_left_over_after_publishing)
{
    char left[700];

    make("A");
    publish("A");
    publish("A");
    snprintf(left, sizeof left, "%s.%d.tmp", live, (int)getpid());
    ck_assert_int_ne(access(left, F_OK), 0);
}
END_TEST

START_TEST(a_mapped_model_notices_that_it_was_replaced)
{
    struct model model;

    make("A");
    make("B");
    publish("A");
    MUST(model_open(live, &model, &err));
    ck_assert_int_eq(model_look(&model, live), MODEL_SAME);
    publish("B");
    ck_assert_int_eq(model_look(&model, live), MODEL_REPLACED);
    ck_assert_str_eq(model.meta->version, "A"); /* still readable */
    model_close(&model);
}
END_TEST

START_TEST(a_damaged_version_is_not_published)
{
    char path[REGISTRY_PATH_BYTES];
    int fd;

    make("A");
    make("B");
    publish("A");
    MUST(registry_path(&config, SPAN("B"), path, &err));
    fd = open(path, O_WRONLY);
    ck_assert(fd >= 0 && pwrite(fd, "X", 1, 300) == 1 && close(fd) == 0);
    ck_assert(!registry_publish(&config, SPAN("B"), &err));
    ck_assert_int_eq(err.code, ERR_CORRUPT);
    assert_live("A");
}
END_TEST

START_TEST(a_file_under_a_wrong_name_is_not_published)
{
    char from[REGISTRY_PATH_BYTES], to[REGISTRY_PATH_BYTES];

    make("A");
    MUST(registry_path(&config, SPAN("A"), from, &err));
    MUST(registry_path(&config, SPAN("Z"), to, &err));
    ck_assert_int_eq(rename(from, to), 0);
    ck_assert(!registry_publish(&config, SPAN("Z"), &err));
    ck_assert_int_eq(err.code, ERR_CORRUPT);
    ck_assert(!registry_publish(&config, SPAN("A"), &err));
    ck_assert_int_eq(err.code, ERR_ABSENT);
}
END_TEST

START_TEST(a_live_file_from_before_gets_its_place)
{
    char path[REGISTRY_PATH_BYTES];

    ck_assert(!registry_adopt(&config, &err));
    ck_assert_int_eq(err.code, ERR_ABSENT);
    make("A");
    publish("A");
    MUST(registry_path(&config, SPAN("A"), path, &err));
    ck_assert_int_eq(unlink(path), 0);
    MUST(registry_adopt(&config, &err));
    ck_assert(has("A"));
    MUST(registry_adopt(&config, &err));
    assert_live("A");
}
END_TEST

START_TEST(the_oldest_go_first_but_never_the_live_one_nor_a_spared_one)
{
    const struct span spared[] = {SPAN("B")};
    size_t removed;

    make("A");
    make("B");
    make("C");
    make("D");
    make("E");
    publish("A");
    MUST(registry_trim(&config, spared, 1, &removed, &err));
    ck_assert_uint_eq(removed, 3);
    ck_assert(has("A") && has("B") && !has("C") && !has("D") && !has("E"));
    assert_live("A");
}
END_TEST

START_TEST(few_enough_versions_are_left_alone)
{
    size_t removed;

    MUST(registry_trim(&config, NULL, 0, &removed, &err)); /* no folder */
    make("A");
    make("B");
    MUST(registry_trim(&config, NULL, 0, &removed, &err));
    ck_assert_uint_eq(removed, 0);
    ck_assert(has("A") && has("B"));
}
END_TEST

START_TEST(only_old_temporaries_are_removed)
{
    char old[700], fresh[700];
    const struct timespec long_ago[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    size_t removed;

    make("A");
    snprintf(old, sizeof old, "%s/versions/Q.kith.1.tmp", folder);
    snprintf(fresh, sizeof fresh, "%s/versions/R.kith.2.tmp", folder);
    close(open(old, O_CREAT | O_WRONLY, S_IRWXU));
    close(open(fresh, O_CREAT | O_WRONLY, S_IRWXU));
    ck_assert_int_eq(utimensat(AT_FDCWD, old, long_ago, 0), 0);
    MUST(registry_trim(&config, NULL, 0, &removed, &err));
    ck_assert_int_ne(access(old, F_OK), 0);
    ck_assert_int_eq(access(fresh, F_OK), 0);
}
END_TEST

START_TEST(the_checksum_is_that_of_the_file)
{
    char sum[REGISTRY_SHA256_HEX + 1];
    const struct model abc = {.bytes = (const unsigned char *)"abc", .size = 3};

    registry_sum(&abc, sum); /* FIPS 180-2, appendix B.1 */
    ck_assert_str_eq(sum, "ba7816bf8f01cfea414140de5dae2223"
                          "b00361a396177a9cb410ff61f20015ad");
}
END_TEST

int main(void)
{
    Suite *s = suite_create("registry");
    TCase *tc = tcase_create("registry");
    SRunner *sr = srunner_create(s);
    int failed;

    program_folder(); /* makes the folder of all tests */
    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, a_version_is_a_safe_file_name);
    tcase_add_test(tc, versions_lie_beside_the_live_file);
    tcase_add_test(tc, publishing_changes_what_is_live_and_keeps_both);
    tcase_add_test(tc, nothing_is_left_over_after_publishing);
    tcase_add_test(tc, a_mapped_model_notices_that_it_was_replaced);
    tcase_add_test(tc, a_damaged_version_is_not_published);
    tcase_add_test(tc, a_file_under_a_wrong_name_is_not_published);
    tcase_add_test(tc, a_live_file_from_before_gets_its_place);
    tcase_add_test(tc,
                   the_oldest_go_first_but_never_the_live_one_nor_a_spared_one);
    tcase_add_test(tc, few_enough_versions_are_left_alone);
    tcase_add_test(tc, only_old_temporaries_are_removed);
    tcase_add_test(tc, the_checksum_is_that_of_the_file);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
