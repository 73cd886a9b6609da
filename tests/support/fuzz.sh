#!/bin/sh
# Usage: tests/support/fuzz.sh TARGET [SECONDS]
# Builds tests/fuzz/TARGET.c with clang, libFuzzer and the sanitizers, and lets it
# run. Seeds come from tests/fuzz/corpus/TARGET; what it finds on the way is kept in
# build/fuzz/TARGET.corpus. An input that breaks something stays in build/fuzz.
set -eu

readonly B=build/fuzz
readonly INPUT_MOST_BYTES=8192

[ $# -ge 1 ] || { echo "usage: fuzz.sh TARGET [SECONDS]" >&2; exit 1; }
target=$1
seconds=${2:-30}
packages='libpq json-c fcgi libcrypto zlib libxxhash libutf8proc openblas'
flags='-std=gnu17 -Wall -Wextra -Werror -g -O1 -fno-sanitize-recover=all'
flags="$flags -fsanitize=fuzzer,address,undefined"

# The library as the asan build makes it, but marked for the fuzzer.
make -s -j "$(nproc)" VARIANT=asan B="$B" CC=clang CFLAGS=-fsanitize=fuzzer-no-link \
    "$B/libkith.a"
# shellcheck disable=SC2046,SC2086 # lists of words
clang $flags -Ilib -I"$B/gen" $(pkg-config --cflags $packages) -o "$B/$target" \
    "tests/fuzz/$target.c" "$B/libkith.a" $(pkg-config --libs $packages) -lstemmer -lm

mkdir -p "$B/$target.corpus"
for seed in "tests/fuzz/corpus/$target"/*; do
    [ ! -e "$seed" ] || cp "$seed" "$B/$target.corpus/"
done
exec "$B/$target" -max_total_time="$seconds" -max_len="$INPUT_MOST_BYTES" -timeout=10 \
    -verbosity="${FUZZ_VERBOSITY:-0}" -print_final_stats=1 \
    -artifact_prefix="$B/$target." "$B/$target.corpus"
