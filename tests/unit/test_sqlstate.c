#include <check.h>
#include <stdlib.h>

#include "store/sqlstate.h"

/* PostgreSQL documentation, appendix A. */
static const struct {
    const char *state;
    enum err_code code;
    bool spoils;
} states[] = {
    {"08006", ERR_DOWN, true},     /* connection_failure */
    {"53300", ERR_DOWN, false},    /* too_many_connections */
    {"57P01", ERR_DOWN, true},     /* admin_shutdown */
    {"57P03", ERR_DOWN, true},     /* cannot_connect_now */
    {"57014", ERR_TIMEOUT, false}, /* query_canceled */
    {"55P03", ERR_TIMEOUT, false}, /* lock_not_available */
    {"23505", ERR_INVALID, false}, /* unique_violation */
    {"22P02", ERR_INVALID, false}, /* invalid_text_representation */
    {"21000", ERR_INVALID, false}, /* cardinality_violation */
    {"54000", ERR_LIMIT, false},   /* program_limit_exceeded */
    {"40001", ERR_DOWN, false},    /* serialization_failure */
    {"42P01", ERR_DOWN, false},    /* undefined_table */
    {"26000", ERR_DOWN, true},     /* invalid_sql_statement_name */
    {"0A000", ERR_DOWN, true},     /* cached plan must not change ... */
    {"", ERR_DOWN, false},
};

START_TEST(a_sqlstate_says_what_a_caller_can_do)
{
    ck_assert_int_eq(sqlstate_code(states[_i].state), states[_i].code);
    ck_assert_int_eq(sqlstate_spoils(states[_i].state), states[_i].spoils);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("sqlstate");
    Suite *s = suite_create("sqlstate");
    SRunner *sr = srunner_create(s);
    int failed;

    suite_add_tcase(s, tc);
    tcase_add_loop_test(tc, a_sqlstate_says_what_a_caller_can_do, 0,
                        sizeof states / sizeof *states);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
