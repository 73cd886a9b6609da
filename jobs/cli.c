#include "cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/span.h"

enum {
    FIRST_SHOWN_US = 1000000, /* quick work stays silent */
    REDRAW_US = 100000,
    LOG_EVERY_US = 10000000,
    US_PER_S = 1000000,
    PERCENT = 100,
};

/* getopt leaves in optopt: 0 for a long option that it does not know, the value
 * of one that takes no argument, the letter of a short one. */
static void refuse(const struct cli_command *c, const char *word)
{
    if (!optopt)
        cli_usage(c, "bad option %s", word);
    else if (!strncmp(word, "--", 2))
        cli_usage(c, "%s: takes no value", word);
    else
        cli_usage(c, "bad option -%c", optopt);
}

int cli_option(const struct cli_command *c, int argc, char **argv,
               const struct option *longs)
{
    int got;

    opterr = 0; /* getopt's own complaint names the wrong program */
    got = getopt_long(argc, argv, ":", longs, NULL);
    if (got == ':')
        cli_usage(c, "%s needs a value", argv[optind - 1]);
    else if (got == '?')
        refuse(c, argv[optind - 1]);
    return got == ':' ? '?' : got;
}

int cli_usage(const struct cli_command *c, const char *fmt, ...)
{
    va_list args;

    fprintf(stderr, "kith %s: ", c->name);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fprintf(stderr, "\nTry `kith %s --help`.\n", c->name);
    return CLI_USAGE;
}

int cli_fail(const struct cli_command *c, const struct err *err)
{
    fprintf(stderr, "kith %s: %s\n", c->name, err->what);
    return err->code == ERR_DOWN || err->code == ERR_TIMEOUT ? CLI_DOWN
                                                             : CLI_FAILED;
}

bool cli_number(const struct cli_command *c, const char *option,
                const char *text, uint64_t least, uint64_t most, uint64_t *out)
{
    if (span_u64(span_of(text), out) && *out >= least && *out <= most)
        return true;
    cli_usage(c, "%s %s: must be a whole number from %llu to %llu", option,
              text, (unsigned long long)least, (unsigned long long)most);
    return false;
}

bool cli_print(const struct buf *text)
{
    return !text->failed &&
           fwrite(text->at, 1, text->bytes, stdout) == text->bytes &&
           putchar('\n') != EOF && fflush(stdout) == 0;
}

void cli_progress_begin(struct cli_progress *p, const char *what)
{
    *p = (struct cli_progress){
        .what = what,
        .started_us = clock_mono_us(),
        .terminal = isatty(STDERR_FILENO),
    };
    p->shown_us = p->started_us;
}

static void log_progress(const struct cli_progress *p, uint64_t done,
                         uint64_t total, int64_t now_us)
{
    struct log_line l;

    log_begin(&l, LOG_INFO, "jobs", "progress");
    log_value(&l, "what", span_of(p->what));
    log_i64(&l, "done", (int64_t)done);
    if (total)
        log_i64(&l, "total", (int64_t)total);
    log_i64(&l, "elapsed_s", (now_us - p->started_us) / US_PER_S);
    log_end(&l);
}

void cli_progress_at(struct cli_progress *p, uint64_t done, uint64_t total)
{
    int64_t now_us = clock_mono_us();

    if (now_us - p->started_us < FIRST_SHOWN_US ||
        now_us - p->shown_us < (p->terminal ? REDRAW_US : LOG_EVERY_US))
        return;
    p->shown_us = now_us;
    if (!p->terminal) {
        log_progress(p, done, total, now_us);
        return;
    }
    p->drawn = true;
    if (total)
        fprintf(stderr, "\r\033[K%s: %llu of %llu (%.0f %%)", p->what,
                (unsigned long long)done, (unsigned long long)total,
                PERCENT * (double)done / (double)total);
    else
        fprintf(stderr, "\r\033[K%s: %llu", p->what, (unsigned long long)done);
    fflush(stderr);
}

void cli_progress_end(struct cli_progress *p)
{
    if (p->drawn)
        fputs("\r\033[K", stderr);
    p->drawn = false;
}
