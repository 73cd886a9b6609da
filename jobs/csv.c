#include "csv.h"

enum state { FIELD_START, PLAIN, QUOTED, QUOTE_SEEN };

bool csv_open(struct csv *c, const char *path, char separator, struct err *err)
{
    *c = (struct csv){.separator = separator};
    if (!lines_open(&c->lines, path, err))
        return false;
    buf_init(&c->text, CSV_RECORD_BYTES_MOST + LINES_MOST_BYTES);
    return true;
}

void csv_close(struct csv *c)
{
    lines_close(&c->lines);
    buf_release(&c->text);
}

static bool end_field(struct csv *c)
{
    if (c->count == CSV_FIELDS_MOST)
        return false;
    c->ends[c->count++] = c->text.bytes;
    return true;
}

/* One more line of the record; false when it breaks the rules. */
static bool add_line(struct csv *c, struct span line, enum state *state)
{
    for (size_t i = 0; i < line.bytes; i++) {
        char ch = line.at[i];

        if (*state == QUOTED) {
            if (ch == '"')
                *state = QUOTE_SEEN;
            else
                buf_char(&c->text, ch);
        } else if (ch == c->separator) {
            if (!end_field(c)) {
                c->fault = "too many fields";
                return false;
            }
            *state = FIELD_START;
        } else if (*state == QUOTE_SEEN) {
            if (ch != '"') {
                c->fault = "text behind a closing quote";
                return false;
            }
            buf_char(&c->text, ch);
            *state = QUOTED;
        } else if (ch == '"' && *state == FIELD_START) {
            *state = QUOTED;
        } else if (ch == '"') {
            c->fault = "a quote inside an unquoted field";
            return false;
        } else {
            buf_char(&c->text, ch);
            *state = PLAIN;
        }
    }
    return true;
}

/* The line that starts a record: not an empty one, without a mark. */
static bool first_line(struct csv *c, struct span *line)
{
    static const char mark[] = "\xef\xbb\xbf";

    do {
        if (!lines_next(&c->lines, line))
            return false;
        if (c->lines.number == 1 && span_starts(*line, mark)) {
            line->at += sizeof mark - 1;
            line->bytes -= sizeof mark - 1;
        }
    } while (!line->bytes);
    return true;
}

static void set_fields(struct csv *c)
{
    size_t from = 0;

    for (size_t i = 0; i < c->count; i++) {
        c->field[i] = (struct span){c->text.at ? c->text.at + from : "",
                                    c->ends[i] - from};
        from = c->ends[i];
    }
}

bool csv_next(struct csv *c)
{
    enum state state = FIELD_START;
    struct span line;

    buf_reset(&c->text);
    c->fault = NULL;
    c->count = 0;
    if (!first_line(c, &line))
        return false;
    c->first_line = c->lines.number;
    for (;;) {
        if (c->lines.cut)
            c->fault = "line longer than 1 MiB";
        if (c->fault || !add_line(c, line, &state) || state != QUOTED)
            break;
        buf_char(&c->text, '\n');
        if (c->text.bytes > CSV_RECORD_BYTES_MOST ||
            !lines_next(&c->lines, &line)) {
            c->fault = "a quote that is never closed";
            break;
        }
    }
    c->line_count = c->lines.number - c->first_line + 1;
    if (!c->fault && (!end_field(c) || c->text.failed))
        c->fault = "too many fields";
    if (c->fault)
        c->count = 0;
    set_fields(c);
    return true;
}
