#include "import_format.h"

#include <stdio.h>

#include "base/utf8.h"

enum { LABEL_DIGITS = 6 };

int import_column(const struct csv *c, const char *name)
{
    for (size_t i = 0; i < c->count; i++)
        if (span_is_nocase(span_trim(c->field[i]), name))
            return (int)i;
    return -1;
}

static bool has_column(struct span line, char separator, const char *name)
{
    struct span cell;

    while (span_cut(&line, separator, &cell)) {
        cell = span_trim(cell);
        if (cell.bytes > 1 && cell.at[0] == '"' &&
            cell.at[cell.bytes - 1] == '"')
            cell = (struct span){cell.at + 1, cell.bytes - 2};
        if (span_is_nocase(cell, name))
            return true;
        if (!line.bytes)
            break;
    }
    return false;
}

bool import_has_columns(struct span line, char separator,
                        const char *const *names)
{
    if (span_starts(line, "\xef\xbb\xbf"))
        line = (struct span){line.at + 3, line.bytes - 3};
    for (; *names; names++)
        if (!has_column(line, separator, *names))
            return false;
    return true;
}

bool import_key_is_good(struct span key)
{
    return key.bytes && key.bytes <= IMPORT_ID_MOST && utf8_printable(key);
}

struct import_label import_label_of(const char *word, struct uuid id)
{
    struct import_label label;
    char hex[UUID_TEXT + 1];

    uuid_text(id, hex);
    snprintf(label.text, sizeof label.text, "%s %.*s", word, LABEL_DIGITS, hex);
    return label;
}
