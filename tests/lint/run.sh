#!/bin/sh
# Usage: tests/lint/run.sh "CC CPPFLAGS" C_FILE...
# Every check over the source. Each prints FILE:LINE: REASON and counts as one test.
set -eu
cd "$(dirname "$0")/../.."
lint=tests/lint
compiler=$1
shift
passed=0
failed=0
said=$(mktemp)
trap 'rm -f "$said"' EXIT

# check NAME COMMAND...
check()
{
    name=$1
    shift
    begin=$(date +%s)
    if "$@" >"$said" 2>&1; then
        passed=$((passed + 1))
        printf 'ok    lint/%-30s %5d s\n' "$name" $(($(date +%s) - begin))
    else
        failed=$((failed + 1))
        printf 'FAIL  lint/%-30s %5d s\n' "$name" $(($(date +%s) - begin))
        cat "$said"
    fi
}

# The settings of the compiler, without the compiler.
flags=${compiler#* }
flags="$flags $(pkg-config --cflags libpq json-c fcgi libcrypto zlib libxxhash libutf8proc openblas check)"

layout()
{
    printf '%s\0' "$@" | xargs -0 -P "$(nproc)" -n 16 clang-format --dry-run -Werror
}

types()
(
    tests/support/node_modules.sh && cd e2e && npm run --silent types
)

check selftest "$lint/selftest.sh"
check rooms awk -f "$lint/includes.awk" lib/rooms.txt "$@"
# shellcheck disable=SC2046  # one argument a header
check headers "$lint/headers.sh" "$compiler" $(printf '%s\n' "$@" | grep '\.h$')
check clang "$lint/clang.sh" "$flags" "$@"
check cycles "$lint/cycles.sh"
check banned "$lint/banned.sh" "$@"
check asserts "$lint/asserts.sh" "$@"
check layout layout "$@"
check sql "$lint/sql_heads.sh" sql/*/*.sql
check settings "$lint/config_docs.sh"
check compose "$lint/compose_settings.sh"
check machine "$lint/machine.sh"
check exports "$lint/exports.sh"
check shell "$lint/shell.sh"
check types types
check page_size "$lint/page_size.sh"
check sleeps "$lint/sleeps.sh"

"$lint/sizes.sh" "$@" | sed 's/^/advice  /'
[ -z "${TALLY:-}" ] || echo "$passed $failed 0 lint" >>"$TALLY"
echo "lint: $passed of $((passed + failed)) checks hold"
[ "$failed" -eq 0 ]
