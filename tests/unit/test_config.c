#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"

static struct config c;
static struct err err;

static void unset_all(void)
{
    extern char **environ;
    char name[128];

    for (char **e = environ; *e;) {
        size_t bytes = strcspn(*e, "=");

        if (strncmp(*e, "KITH_", 5) || bytes >= sizeof name) {
            e++;
            continue;
        }
        memcpy(name, *e, bytes);
        name[bytes] = 0;
        unsetenv(name);
        e = environ;
    }
}

START_TEST(without_an_environment_the_defaults_hold)
{
    unset_all();
    ck_assert(config_load(&c, &err));
    ck_assert_uint_eq(c.http_body_bytes, 65536);
    ck_assert_uint_eq(c.track_events, 100);
    ck_assert_str_eq(c.db_url, "postgresql:///kith");
    ck_assert(!c.cookie_secure);
}
END_TEST

START_TEST(the_environment_sets_texts_counts_and_flags)
{
    unset_all();
    setenv("KITH_DB_URL", "postgresql://h/d", 1);
    setenv("KITH_TRACK_EVENTS", "1000", 1);
    setenv("KITH_COOKIE_SECURE", "1", 1);
    ck_assert(config_load(&c, &err));
    ck_assert_str_eq(c.db_url, "postgresql://h/d");
    ck_assert_uint_eq(c.track_events, 1000);
    ck_assert(c.cookie_secure);
}
END_TEST

static void refuses(const char *name, const char *value)
{
    unset_all();
    setenv(name, value, 1);
    memset(&err, 0, sizeof err);
    ck_assert_msg(!config_load(&c, &err), "%s=%s", name, value);
    ck_assert_int_eq(err.code, ERR_INVALID);
    ck_assert_msg(strstr(err.what, name) != NULL, "%s", err.what);
}

START_TEST(a_number_out_of_range_is_refused_by_name)
{
    refuses("KITH_TRACK_EVENTS", "0");
    refuses("KITH_TRACK_EVENTS", "1001");
    refuses("KITH_TRACK_EVENTS", "99999999999999999999");
    refuses("KITH_TRACK_EVENTS", "4294967297");
    refuses("KITH_COOKIE_SECURE", "2");
}
END_TEST

START_TEST(what_is_no_number_is_refused)
{
    refuses("KITH_TRACK_EVENTS", "");
    refuses("KITH_TRACK_EVENTS", "ten");
    refuses("KITH_TRACK_EVENTS", "-5");
    refuses("KITH_TRACK_EVENTS", "5 ");
    refuses("KITH_COOKIE_SECURE", "yes");
}
END_TEST

START_TEST(an_unknown_name_is_refused)
{
    refuses("KITH_TRACK_EVENT", "5");
    refuses("KITH_", "5");
}
END_TEST

START_TEST(every_setting_can_be_listed)
{
    struct config_setting s;
    bool has_text = false, has_count = false;
    size_t i;

    for (i = 0; config_setting_at(i, &s); i++) {
        ck_assert(!strncmp(s.variable, "KITH_", strlen("KITH_")));
        ck_assert_ptr_nonnull(s.why);
        has_text |= !strcmp(s.variable, "KITH_DB_URL") && s.text;
        has_count |= !strcmp(s.variable, "KITH_TRACK_EVENTS") && !s.text &&
                     s.count == 100 && s.least == 1 && s.most == 1000;
    }
    ck_assert(has_text && has_count);
    ck_assert(!config_setting_at(i + 1, &s));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("config");
    TCase *tc = tcase_create("unit");
    SRunner *sr = srunner_create(s);
    int failed;

    tcase_add_test(tc, without_an_environment_the_defaults_hold);
    tcase_add_test(tc, the_environment_sets_texts_counts_and_flags);
    tcase_add_test(tc, a_number_out_of_range_is_refused_by_name);
    tcase_add_test(tc, what_is_no_number_is_refused);
    tcase_add_test(tc, an_unknown_name_is_refused);
    tcase_add_test(tc, every_setting_can_be_listed);
    suite_add_tcase(s, tc);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
