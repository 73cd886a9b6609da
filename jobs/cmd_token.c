#include <stdio.h>

#include "base/clock.h"
#include "web/token.h"

#include "cli.h"

static const char help[] =
    "Usage: kith token --user UUID [--days N]\n"
    "       kith token --check TOKEN\n"
    "       kith token --new-key\n\n"
    "  --user UUID    print a token that lets its bearer read as this reader\n"
    "  --days N       how long it is good (1 to 3650); without it as long as\n"
    "                 the setting KITH_TOKEN_LIFE_S says\n"
    "  --check TOKEN  print reader, times and whether it is good now\n"
    "  --new-key      print a line for the keys file (KITH_TOKEN_KEYS_FILE).\n"
    "                 Put it first: the first key signs, all of them verify,\n"
    "                 so old tokens stay good until they are renewed.\n\n"
    "A token travels in the cookie `kith` or as `Authorization: Bearer "
    "TOKEN`.\n\n"
    "Exit codes: 0 done (--check: the token is good), 1 failed (--check: it "
    "is\n"
    "not), 2 wrong command line.\n";

enum {
    OUT_BYTES = 4096,
    DAYS_MOST = 3650,
    MS_PER_S = 1000,
    DAY_MS = 86400000,
};

static int print(const struct buf *out)
{
    return cli_print(out) ? CLI_DONE : CLI_FAILED;
}

static int mint(const struct token_keys *keys, const struct config *config,
                const char *user, uint64_t days)
{
    int64_t now_ms = clock_wall_ms();
    int64_t life_ms = days ? (int64_t)days * DAY_MS
                           : (int64_t)config->token_life_s * MS_PER_S;
    struct uuid id;
    struct buf out;
    int code;

    if (!uuid_find(span_of(user), &id))
        return cli_usage(&cmd_token, "--user: '%s' is no UUID", user);
    buf_init(&out, OUT_BYTES);
    token_sign(keys, id, now_ms, now_ms + life_ms, &out);
    code = print(&out);
    buf_release(&out);
    return code;
}

static int check(const struct token_keys *keys, const char *token)
{
    int64_t now_ms = clock_wall_ms();
    struct token_claims claims = {0};
    char user[UUID_TEXT + 1];
    struct err err = {0};
    struct buf out;
    int code;

    if (!token_check(keys, span_of(token), now_ms, &claims, &err))
        return cli_fail(&cmd_token, &err);
    uuid_text(claims.user, user);
    buf_init(&out, OUT_BYTES);
    buf_fmt(&out,
            "good\nuser       %s\nissued_at  %lld\nexpires_at %lld\n"
            "days left  %lld\nkey        %s",
            user, (long long)claims.issued_at_ms,
            (long long)claims.expires_at_ms,
            (long long)((claims.expires_at_ms - now_ms) / DAY_MS),
            claims.newest ? "newest" : "an older one");
    code = print(&out);
    buf_release(&out);
    return code;
}

static int new_key(void)
{
    struct err err = {0};
    struct buf out;
    int code;

    buf_init(&out, OUT_BYTES);
    code = token_new_key(&out, &err) ? CLI_DONE : cli_fail(&cmd_token, &err);
    while (out.bytes && out.at[out.bytes - 1] == '\n')
        out.bytes--; /* print adds one */
    if (code == CLI_DONE)
        code = print(&out);
    buf_release(&out);
    return code;
}

static int run(int argc, char **argv, const struct config *config)
{
    static const struct option longs[] = {
        {"user", required_argument, NULL, 'u'},
        {"days", required_argument, NULL, 'd'},
        {"check", required_argument, NULL, 'c'},
        {"new-key", no_argument, NULL, 'k'},
        {0},
    };
    const char *user = NULL, *token = NULL;
    struct token_keys keys;
    struct err err = {0};
    uint64_t days = 0;
    bool key = false;
    int got;

    while ((got = cli_option(&cmd_token, argc, argv, longs)) != -1) {
        if (got == '?')
            return CLI_USAGE;
        if (got == 'd' &&
            !cli_number(&cmd_token, "--days", optarg, 1, DAYS_MOST, &days))
            return CLI_USAGE;
        user = got == 'u' ? optarg : user;
        token = got == 'c' ? optarg : token;
        key |= got == 'k';
    }
    if (optind < argc)
        return cli_usage(&cmd_token, "takes no operand: %s", argv[optind]);
    if ((user != NULL) + (token != NULL) + key != 1)
        return cli_usage(&cmd_token, "give one of --user, --check, --new-key");
    if (key)
        return new_key();
    if (!token_keys_load(config->token_keys_file, &keys, &err))
        return cli_fail(&cmd_token, &err);
    return user ? mint(&keys, config, user, days) : check(&keys, token);
}

const struct cli_command cmd_token = {
    .name = "token",
    .summary = "make or check a reader's token, make a key",
    .help = help,
    .needs_config = true,
    .run = run,
};
