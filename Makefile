# `make help` lists the targets. VARIANT picks flags and its own build folder:
#   release (default)  debug  asan (address+undefined)  tsan  cover
VARIANT ?= release
B       := build/$(VARIANT)
PKGS    := libpq json-c fcgi libcrypto zlib libxxhash libutf8proc openblas libcurl
CC      ?= cc

CFLAGS_release := -O2 -g -DNDEBUG -D_FORTIFY_SOURCE=2
CFLAGS_debug   := -O0 -g3
CFLAGS_asan    := -O1 -g3 -fsanitize=address,undefined -fno-sanitize-recover=all \
                  -DARENA_POISON
CFLAGS_tsan    := -O1 -g3 -fsanitize=thread
CFLAGS_cover   := -O0 -g3 --coverage
$(if $(CFLAGS_$(VARIANT)),,$(error unknown VARIANT '$(VARIANT)'))

WARN := -Wall -Wextra -Werror -Wshadow -Wconversion -Wvla \
        -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings \
        -Wimplicit-fallthrough -Wformat=2 -Wundef
# -ffp-contract=off: scores are the same bits with and without FMA hardware.
# -fvisibility=hidden: a name of ours must not take the place of one that a
# library looks up (libkrb5, behind libpq, has a profile_init of its own).
override CFLAGS := -std=gnu17 $(WARN) -fstack-protector-strong \
        -ffp-contract=off -fvisibility=hidden $(CFLAGS_$(VARIANT)) \
        $(shell pkg-config --cflags $(PKGS) 2>/dev/null) $(CFLAGS)
override CPPFLAGS := -Ilib -Itests -I$(B)/gen $(CPPFLAGS)
LDLIBS := -Wl,--as-needed $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lstemmer -lm
CHECK  := $(shell pkg-config --libs check 2>/dev/null)

LIB   := $(patsubst %.c,$(B)/%.o,$(wildcard lib/*/*.c))
CGI   := $(patsubst cgi/%.c,$(B)/bin/%.fcgi,$(wildcard cgi/*.c))
JOBS  := $(patsubst %.c,$(B)/%.o,$(wildcard jobs/*.c))
SUPP  := $(patsubst %.c,$(B)/%.o,$(wildcard tests/support/*.c))
TESTS := $(patsubst tests/%.c,$(B)/tests/%,$(filter-out tests/support/%,$(wildcard tests/*/test_*.c)))
BENCH := $(patsubst tests/bench/%.c,$(B)/bench/%,$(wildcard tests/bench/bench_*.c)) \
         $(addprefix $(B)/bench/,load constant stock sized_model)
BSUPP := $(patsubst %,$(B)/tests/bench/%.o,bench http_load batch_body lists neighbours_options)
C_ALL := $(wildcard lib/*/*.[ch] cgi/*.c jobs/*.[ch] tests/*/*.[ch])
SQL   := $(sort $(wildcard sql/queries/*.sql sql/migrations/*.sql))

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:

all: $(CGI) $(B)/bin/kith ## build workers and the kith program
	@[ $(VARIANT) != release ] || ln -sfn release/bin build/bin

$(B)/libkith.a: $(LIB) $(B)/gen/queries.o
	@rm -f $@ && $(AR) rcs $@ $^
$(B)/bin/%.fcgi: $(B)/cgi/%.o $(B)/libkith.a
	@mkdir -p $(@D) && $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)
$(B)/bin/kith: $(JOBS) $(B)/libkith.a
	@mkdir -p $(@D) && $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)
$(B)/tests/%: $(B)/tests/%.o $(SUPP) $(B)/libkith.a
	@$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(CHECK) $(LDLIBS)
$(B)/tests/torture/torture: $(B)/tests/torture/client.o $(B)/tests/torture/killer.o
$(B)/bench/%: $(B)/tests/bench/%.o $(BSUPP) $(B)/libkith.a
	@mkdir -p $(@D) && $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# -MMD writes each object's headers beside it; the Makefile is one of them.
$(B)/%.o: %.c Makefile | $(B)/gen/queries.h
	@mkdir -p $(@D) && echo "  cc  $<" && \
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
# The revision that `kith --version` names.
REVISION := $(shell git describe --always --dirty 2>/dev/null || echo unknown)
$(B)/jobs/kith.o: override CPPFLAGS += -DKITH_REVISION='"$(REVISION)"'

$(B)/gen/queries.o: $(B)/gen/queries.c $(B)/gen/queries.h
	@$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<
$(B)/gen/queries.c: $(SQL) sql/embed.awk Makefile
	@mkdir -p $(@D) && awk -f sql/embed.awk $(SQL) > $@
$(B)/gen/queries.h: $(B)/gen/queries.c
	@awk -f sql/declare.awk $< > $@

test: ## every test, on real parts; last line: N passed, N failed
	@ops/local/install build run test
	@tests/support/run_all.sh

test-c: $(TESTS) all ## the C tests of VARIANT, with a private PostgreSQL
	@tests/support/run_c.sh $(B) $(TESTS)

e2e-repeat: all ## the browser tests N times (20) in a row; stops at a failure
	@tests/support/repeat_e2e.sh $(or $(N),20)

test-mlflow: all ## copies of runs in a real MLflow server, taken from PyPI
	@tests/mlflow/run.sh $(B)/bin

bench: ## figures into build/bench.json; ONLY=feeds,track BENCH_SECONDS=4 DATA=path
	@ops/local/install build run bench
	@$(MAKE) --no-print-directory VARIANT=release bench-built
	@tests/bench/run.sh
bench-large: ## the same with 1 M readers, 10 M stored events, ML-20M size
	@$(MAKE) --no-print-directory bench FULL=1
bench-built: all $(BENCH)

quality: all ## accuracy of every algorithm on the data sets in DATA
	@tests/support/quality.sh $(B)/bin/kith $(or $(DATA),../shared/data)

fuzz: ## FUZZ_S seconds (default 30) of each fuzz target, clang only
	@tests/support/run_fuzz.sh $(or $(FUZZ_S),30)

torture: all $(B)/tests/torture/torture ## kill -9 everything under load; SECONDS= (180) KILLS= (400) SEED=
	@tests/torture/run.sh $(B)/tests/torture/torture $(or $(SECONDS),180) $(or $(KILLS),400) $(SEED)

lint: $(B)/gen/queries.h ## rooms, lone headers, banned calls, sizes, docs in step
	@tests/lint/run.sh "$(CC) $(CPPFLAGS)" $(C_ALL)

format: ## rewrite C sources in place
	@clang-format -i $(C_ALL)

cover: ## line coverage of lib/ by the C tests
	@$(MAKE) --no-print-directory test-c VARIANT=cover
	@cd build/cover && gcov -r -n $$(find lib -name '*.gcda') | grep -A1 "File 'lib"

clean: ## remove build/
	@rm -rf build

help: ## this list
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: all test test-c e2e-repeat test-mlflow bench bench-large bench-built quality fuzz torture lint format cover clean help
-include ops/make.mk
-include $(shell find $(B) -name '*.d' 2>/dev/null)
