#include "cli_report.h"

#include "store/db.h"

enum { REPORT_MOST_BYTES = 16 << 20 };

bool cli_listing_take(const struct cli_command *c, int option,
                      struct cli_listing *l)
{
    if (option == CLI_LAST)
        return cli_number(c, "--last", optarg, l->least, CLI_LAST_MOST,
                          &l->last);
    l->json |= option == CLI_JSON;
    return option != '?';
}

void cli_report_begin(struct cli_report *r, bool json)
{
    buf_init(&r->text, REPORT_MOST_BYTES);
    r->json = NULL;
    if (!json)
        return;
    json_write_init(&r->writer, &r->text);
    json_write_object(&r->writer, NULL);
    r->json = &r->writer;
}

int cli_report_end(struct cli_report *r, const struct cli_command *c, bool ok,
                   const struct err *err)
{
    int code = CLI_DONE;

    if (r->json)
        json_write_end(r->json);
    else if (r->text.bytes && r->text.at[r->text.bytes - 1] == '\n')
        r->text.bytes--; /* cli_print ends the last line */
    if (!ok)
        code = cli_fail(c, err);
    else if (!cli_print(&r->text))
        code = CLI_FAILED;
    buf_release(&r->text);
    return code;
}

void cli_json_ms(struct json_write *w, const char *key, int64_t at_ms)
{
    if (at_ms == DB_NONE_I64)
        json_write_null(w, key);
    else
        json_write_i64(w, key, at_ms);
}
