#include "import_report.h"

#include <string.h>

const char *import_reason_name(enum import_reason reason)
{
    static const char *const names[IMPORT_REASONS] = {
        [IMPORT_BAD_LINE] = "bad_line",
        [IMPORT_MISSING] = "missing_field",
        [IMPORT_BAD_ID] = "bad_id",
        [IMPORT_BAD_TEXT] = "bad_text",
        [IMPORT_BAD_TIME] = "bad_time",
        [IMPORT_FUTURE] = "time_in_the_future",
        [IMPORT_BAD_TYPE] = "unknown_type",
        [IMPORT_BAD_VALUE] = "bad_value",
        [IMPORT_REPEATED] = "repeated_id",
        [IMPORT_UNKNOWN_POST] = "unknown_post",
    };

    return names[reason];
}

/* Bytes from a file must not steer a terminal. */
static void make_printable(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = '?';
}

void import_report_skip(struct import_report *r, const char *file,
                        uint64_t line, enum import_reason reason,
                        const char *fmt, va_list args)
{
    char detail[IMPORT_NOTE_BYTES];

    r->skipped[reason]++;
    if (!r->out || r->shown++ >= IMPORT_SHOWN_MOST)
        return;
    vsnprintf(detail, sizeof detail, fmt, args);
    make_printable(detail);
    fprintf(r->out, "%s:%llu: %s: %s\n", file, (unsigned long long)line,
            import_reason_name(reason), detail);
    if (r->shown == IMPORT_SHOWN_MOST)
        fputs("more bad lines are counted, not shown\n", r->out);
}

void import_report_note(struct import_report *r, const char *fmt, ...)
{
    char note[IMPORT_NOTE_BYTES];
    va_list args;

    va_start(args, fmt);
    vsnprintf(note, sizeof note, fmt, args);
    va_end(args);
    make_printable(note);
    for (uint32_t i = 0; i < r->note_count; i++)
        if (!strcmp(r->notes[i], note))
            return;
    if (r->note_count < IMPORT_NOTES_MOST)
        memcpy(r->notes[r->note_count++], note, sizeof note);
}

uint64_t import_report_skipped(const struct import_report *r)
{
    uint64_t all = 0;

    for (int i = 0; i < IMPORT_REASONS; i++)
        all += r->skipped[i];
    return all;
}
