#!/bin/sh
# Each check accepts a good file and refuses a bad one, for the reason it is there.
# shellcheck disable=SC2016,SC2317  # samples stand as they are; checks are called by name
set -eu
lint=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
cd "$tree"
mkdir -p lib/base lib/reco lib/store sql/queries tests/lint
cp "$lint"/* tests/lint/
git init -q .
failed=0

# accepts NAME COMMAND...
accepts()
{
    name=$1
    shift
    if ! "$@" >out 2>&1; then
        echo "tests/lint/selftest.sh:1: $name refuses a good file: $(head -n 3 out)"
        failed=1
    fi
}

# refuses NAME WORDS COMMAND...: fails, and says WORDS behind a file and a line.
refuses()
{
    name=$1
    words=$2
    shift 2
    if "$@" >out 2>&1; then
        echo "tests/lint/selftest.sh:1: $name accepts a bad file ($words)"
        failed=1
    elif ! grep -qE "^[^ :]+:[0-9]+:.*$words" out; then
        echo "tests/lint/selftest.sh:1: $name does not say '$words': $(head -n 3 out)"
        failed=1
    fi
}

# file NAME: standard input becomes it
file()
{
    cat >"$1"
}

# ---- rooms
rooms()
{
    awk -f tests/lint/includes.awk lib/rooms.txt "$@"
}
file lib/rooms.txt <<'X'
base
reco   base
store  base reco/types.h
door   zlib.h  lib/base/lines.c
X
file lib/store/a.c <<'X'
#include <stdint.h>

#include "base/err.h"
#include "reco/types.h"
X
accepts rooms rooms lib/store/a.c
echo '#include <zlib.h>' >lib/base/lines.c
accepts rooms rooms lib/base/lines.c
echo '#include "reco/topk.h"' >lib/store/a.c
refuses rooms 'room store may not include reco/topk.h' rooms lib/store/a.c
echo '#include "store/db.h"' >lib/reco/a.c
refuses rooms 'room reco may not include store/db.h' rooms lib/reco/a.c
echo '#include <zlib.h>' >lib/base/a.c
refuses rooms 'zlib.h belongs to' rooms lib/base/a.c
echo '#include <curl/curl.h>' >lib/base/a.c
refuses rooms 'curl/curl.h has no door' rooms lib/base/a.c
echo '#include "err.h"' >lib/base/a.c
refuses rooms 'as seen from lib' rooms lib/base/a.c
mkdir -p extra
echo >extra/a.c
refuses rooms "no room 'extra'" rooms extra/a.c

# ---- headers, cycles
rm -rf lib/*/*.[ch]
printf '#pragma once\n#include <stdint.h>\nuint32_t f(void);\n' >lib/base/good.h
accepts headers tests/lint/headers.sh 'cc -Ilib' lib/base/good.h
printf '#pragma once\nuint32_t f(void);\n' >lib/base/bad.h
refuses headers 'does not compile alone' tests/lint/headers.sh 'cc -Ilib' lib/base/bad.h
printf 'struct twice { int a; };\n' >lib/base/bad.h
refuses headers 'does not compile alone' tests/lint/headers.sh 'cc -Ilib' lib/base/bad.h

echo '#include "base/bad.h"' >lib/base/good.c
accepts cycles tests/lint/cycles.sh
echo '#include "base/good.h"' >lib/base/bad.c
refuses cycles 'includes itself' tests/lint/cycles.sh
rm -f lib/base/*

# ---- clang
printf 'WARN := -Wall -Werror \\\n        -Wshadow\n' >Makefile
echo 'int f(int a) { return a; }' >lib/base/a.c
accepts clang tests/lint/clang.sh -Ilib lib/base/a.c
echo 'int f(int a) { { int a = 1; return a; } }' >lib/base/a.c
refuses clang 'shadow' tests/lint/clang.sh -Ilib lib/base/a.c
rm -f lib/base/* Makefile

# ---- banned, asserts, layout, sizes
file lib/reco/a.c <<'X'
/* strcpy(a, b) in a comment, */
static const char *text = "and \" strcpy(a, b) in a string"; // atoi(x)
int f(struct s *it)
{
    signal(SIGPIPE, SIG_IGN);
    return it->system(it) + my_strcpy(it);
}
X
accepts banned tests/lint/banned.sh lib/reco/a.c
for name in strcpy atoi rand time malloc exit; do
    echo "x = $name (y);" >lib/reco/a.c
    refuses banned "$name\\(\\): ." tests/lint/banned.sh lib/reco/a.c
done
echo 'rand();' >tests/a.c
accepts banned tests/lint/banned.sh tests/a.c
echo 'usleep(10);' >tests/a.c
refuses banned 'usleep' tests/lint/banned.sh tests/a.c

file lib/reco/a.c <<'X'
#define assert(x) check(x)
assert(count <= 3 && (a == b || sizeof(x) != 4));
static_assert(f(x), "");
X
accepts asserts tests/lint/asserts.sh lib/reco/a.c
for words in 'i++' 'a = b' 'close(fd) == 0'; do
    printf 'assert(x &&\n    %s);\n' "$words" >lib/reco/a.c
    refuses asserts 'assert (calls|changes)' tests/lint/asserts.sh lib/reco/a.c
done

long_body()
{
    printf 'int f(void)\n{\n'
    yes '    g();' | head -n 61
    printf '}\n'
}
long_body >lib/reco/a.c
tests/lint/sizes.sh lib/reco/a.c >out
grep -q '^lib/reco/a.c:2: body of 62 lines' out ||
    { echo "tests/lint/selftest.sh:1: sizes overlooks a long body"; failed=1; }

cp "$lint/../../.clang-format" .
printf 'int a;\n' >lib/reco/a.c
accepts layout clang-format --dry-run -Werror lib/reco/a.c
printf 'int  a ;\n' >lib/reco/a.c
refuses layout 'clang-format-violations' clang-format --dry-run -Werror lib/reco/a.c
rm -f lib/reco/*

# ---- SQL
printf -- '-- Reads a row. $1 id\nSELECT $1;\n' >sql/queries/a.sql
accepts sql tests/lint/sql_heads.sh sql/queries/a.sql
printf -- '-- Reads a row. $1 id, $2 .. $4 more\nSELECT $1, $2, $3, $4;\n' >sql/queries/c.sql
accepts sql tests/lint/sql_heads.sh sql/queries/c.sql
printf 'SELECT 1;\n' >sql/queries/b.sql
refuses sql 'starts without' tests/lint/sql_heads.sh sql/queries/b.sql sql/queries/a.sql
printf -- '-- Reads a row. $1 id\nSELECT $1, $2;\n' >sql/queries/b.sql
refuses sql 'does not name .2' tests/lint/sql_heads.sh sql/queries/a.sql sql/queries/b.sql

# ---- settings
file lib/base/config.def <<'X'
CFG_TEXT (model,   "var/a, b",           "path of the model")
CFG_COUNT(wait_ms, 150,        1, 10000, "longest wait, in all")
CFG_FLAG (demo,    0,                    "1: demo")
X
tests/lint/config_table.sh >README.md
accepts settings tests/lint/config_docs.sh
grep -q '^| `KITH_WAIT_MS` | `150` | 1-10000 | longest wait, in all |$' README.md ||
    { echo "tests/lint/selftest.sh:1: config_table prints $(cat README.md)"; failed=1; }
sed -i 's/`150`/`151`/' README.md
refuses settings 'KITH_WAIT_MS. should read' tests/lint/config_docs.sh
sed -i '/WAIT_MS/d' README.md
refuses settings 'KITH_WAIT_MS. is missing' tests/lint/config_docs.sh
tests/lint/config_table.sh >README.md
echo '| `KITH_MORE` | `1` | 0-1 | more |' >>README.md
refuses settings 'KITH_MORE. is not in' tests/lint/config_docs.sh
rm -f README.md

# ---- compose
mkdir -p ops/container
printf '    KITH_WAIT_MS: 1\nx:\n' >docker-compose.yml
printf 'ENV TZ=UTC \\\n    KITH_MODEL=m \\\n    KITH_DEMO=0\n' >ops/container/Dockerfile
accepts compose tests/lint/compose_settings.sh
printf '    KITH_MORE:\n' >>docker-compose.yml
refuses compose 'KITH_MORE is not in' tests/lint/compose_settings.sh
echo 'x:' >docker-compose.yml
refuses compose 'KITH_WAIT_MS is missing' tests/lint/compose_settings.sh
rm -r docker-compose.yml ops

# ---- machine
printf '%s\n' 'see https://example.org/home/a and ${TMPDIR:-/tmp}/x' '/api/feeds /usr/bin/env' \
    >notes.txt
accepts machine tests/lint/machine.sh
for text in '/home/some''one/x' '"/tmp''/kith.log"' \
    '-----BEGIN RSA PRIVATE'' KEY-----' 'postgresql://kith:se''cret@db/kith'; do
    printf '%s\n' "$text" >notes.txt
    refuses machine '(path|name|key|password)' tests/lint/machine.sh
done
rm -f notes.txt

# ---- shell
printf '#!/bin/sh\necho "$1"\n' >good
accepts shell tests/lint/shell.sh
printf '#!/bin/sh\nrm $1\n' >bad
refuses shell 'SC2086' tests/lint/shell.sh

# ---- size of the page
mkdir -p static
head -c 3000 /dev/urandom >static/tracker.js
head -c 11000 /dev/urandom >static/app.js
accepts page_size tests/lint/page_size.sh
head -c 5000 /dev/urandom >static/tracker.js
refuses page_size 'budget 4096' tests/lint/page_size.sh
head -c 3000 /dev/urandom >static/tracker.js
head -c 2000 /dev/urandom >static/more.js
refuses page_size 'budget 15360, with 2 other' tests/lint/page_size.sh

# ---- waits of the browser tests
mkdir -p e2e
echo 'test.setTimeout(60_000);' >e2e/a.spec.ts
accepts sleeps tests/lint/sleeps.sh
for text in 'await page.waitForTimeout(100);' 'await new Promise((r) => setTimeout(r, 9));'; do
    echo "$text" >e2e/a.spec.ts
    refuses sleeps '(waitForTimeout|setTimeout)' tests/lint/sleeps.sh
done

exit "$failed"
