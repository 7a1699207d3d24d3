# Guichet: `make help` lists the targets.

# ---- knobs ----
CC            ?= gcc
BUILD         ?= build
PORT          ?= 8080
SANDBOX_PORT  ?= 8081
V             ?= 0
# a test waits a third of its time
JOBS          ?= $(shell expr $$(nproc) + 1)
DEMO_DIR      ?= $(BUILD)/demo
DESTDIR       ?=

# ---- what is compiled ----
PACKAGES  := libcurl jansson sqlite3 libcrypto libqrencode zlib libseccomp
STANDARD  := -std=gnu11 -D_GNU_SOURCE
WARNINGS  := -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes \
             -Wmissing-prototypes -Wvla -Wformat=2 -Werror
HARDENING := -O2 -g -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection \
             -fcf-protection -fPIE
CHECKED   := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
THREADED  := -O1 -g -fsanitize=thread -fno-omit-frame-pointer
LINKING   := -pie -Wl,-z,relro,-z,now,-z,noexecstack
LIBRARIES  = -Wl,--as-needed $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -lfcgi -pthread
INCLUDES   = -Isrc -I$(BUILD)/gen $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)

SOURCES         := $(sort $(shell find src -name '*.c' -not -path 'src/programs/*'))
SHARED_SOURCES  := $(filter src/base/% src/db/% src/http/% src/net/% src/template/%,$(SOURCES))
SANDBOX_SOURCES := $(filter src/sandbox/%,$(SOURCES))
HOUSE_SOURCES   := $(filter-out $(SANDBOX_SOURCES),$(SOURCES))
HOUSE_MAIN      := $(sort $(filter-out src/programs/guichet-sandbox.c,$(wildcard src/programs/*.c)))
SANDBOX_MAIN    := $(wildcard src/programs/guichet-sandbox.c)
HOUSE_GEN       := queries migrations
SANDBOX_GEN     := sandbox_queries sandbox_migrations
GENERATED       := $(patsubst %,$(BUILD)/gen/%.h,$(HOUSE_GEN) $(SANDBOX_GEN))

QUIET_0 := @
QUIET   := $(QUIET_$(V))
say      = $(if $(QUIET),@printf '  %-8s %s\n' $(1) $(2),@:)

.PHONY: all asan fuzz unit-programs check check-lint check-unit check-e2e check-money check-faults \
        check-ops check-security check-threads bench format deps demo demo-up demo-down demo-reset install deb help clean
.DELETE_ON_ERROR:

all: $(BUILD)/guichet $(BUILD)/guichet-sandbox ## build the programs (default)

asan: $(BUILD)/asan/guichet $(BUILD)/asan/guichet-sandbox ## the same with ASan and UBSan

# ---- generated from SQL ----
AWK_SQL := awk -f src/db/queries.awk

$(BUILD)/gen/queries.h $(BUILD)/gen/queries.c: $(sort $(wildcard sql/queries/*.sql)) src/db/queries.awk
	$(call say,SQL,$@)
	@mkdir -p $(@D)
	$(QUIET)$(AWK_SQL) -v mode=$(if $(filter %.h,$@),header,source) -v prefix=Q -v type=query \
	    -v symbol=guichet_queries -v header=queries.h $(filter %.sql,$^) > $@

$(BUILD)/gen/sandbox_queries.h $(BUILD)/gen/sandbox_queries.c: $(sort $(wildcard sql/sandbox/queries/*.sql)) src/db/queries.awk
	$(call say,SQL,$@)
	@mkdir -p $(@D)
	$(QUIET)$(AWK_SQL) -v mode=$(if $(filter %.h,$@),header,source) -v prefix=SQ -v type=sandbox_query \
	    -v symbol=sandbox_queries -v header=sandbox_queries.h $(filter %.sql,$^) > $@

$(BUILD)/gen/migrations.h $(BUILD)/gen/migrations.c: $(sort $(wildcard sql/migrations/*.sql)) src/db/queries.awk
	$(call say,SQL,$@)
	@mkdir -p $(@D)
	$(QUIET)$(AWK_SQL) -v mode=migrations-$(if $(filter %.h,$@),header,source) \
	    -v symbol=guichet_migrations -v header=migrations.h $(filter %.sql,$^) > $@

$(BUILD)/gen/sandbox_migrations.h $(BUILD)/gen/sandbox_migrations.c: $(sort $(wildcard sql/sandbox/migrations/*.sql)) src/db/queries.awk
	$(call say,SQL,$@)
	@mkdir -p $(@D)
	$(QUIET)$(AWK_SQL) -v mode=migrations-$(if $(filter %.h,$@),header,source) \
	    -v symbol=sandbox_migrations -v header=sandbox_migrations.h $(filter %.sql,$^) > $@

# ---- one variant: objects, libraries, programs ----
# $(1) folder, $(2) compiler flags, $(3) linker flags
define variant
$(1)/obj/%.o: %.c | $(GENERATED)
	$$(call say,CC,$$@)
	@mkdir -p $$(@D)
	$$(QUIET)$$(CC) $$(STANDARD) $$(WARNINGS) $(2) $$(INCLUDES) -MMD -MP -c $$< -o $$@

$(1)/obj/gen/%.o: $(BUILD)/gen/%.c | $(GENERATED)
	$$(call say,CC,$$@)
	@mkdir -p $$(@D)
	$$(QUIET)$$(CC) $$(STANDARD) $$(WARNINGS) $(2) $$(INCLUDES) -MMD -MP -c $$< -o $$@

$(1)/libguichet.a: $(patsubst %.c,$(1)/obj/%.o,$(HOUSE_SOURCES)) $(patsubst %,$(1)/obj/gen/%.o,$(HOUSE_GEN))
	$$(call say,AR,$$@)
	@rm -f $$@
	$$(QUIET)ar rcs $$@ $$^

# The sandbox shares no code with the providers: they are not in its library.
$(1)/libsandbox.a: $(patsubst %.c,$(1)/obj/%.o,$(SHARED_SOURCES) $(SANDBOX_SOURCES)) $(patsubst %,$(1)/obj/gen/%.o,$(SANDBOX_GEN))
	$$(call say,AR,$$@)
	@rm -f $$@
	$$(QUIET)ar rcs $$@ $$^

$(1)/guichet: $(patsubst %.c,$(1)/obj/%.o,$(HOUSE_MAIN)) $(1)/libguichet.a
	$$(call say,LINK,$$@)
	$$(QUIET)$$(CC) $(2) $(3) $$^ $$(LIBRARIES) -o $$@

$(1)/guichet-sandbox: $(patsubst %.c,$(1)/obj/%.o,$(SANDBOX_MAIN)) $(1)/libsandbox.a
	$$(call say,LINK,$$@)
	$$(QUIET)$$(CC) $(2) $(3) $$^ $$(LIBRARIES) -o $$@
endef
$(BUILD)/asan/obj/tests/%.o: INCLUDES += -Itests/unit
$(eval $(call variant,$(BUILD),$(HARDENING),$(LINKING)))
$(eval $(call variant,$(BUILD)/asan,$(CHECKED),))
$(eval $(call variant,$(BUILD)/tsan,$(THREADED),))

# ---- unit tests ----
UNIT_SOURCES := $(sort $(wildcard tests/unit/test_*.c))
UNIT_SUPPORT := $(sort $(wildcard tests/unit/support/*.c))
UNIT_PROGRAMS := $(patsubst tests/unit/%.c,$(BUILD)/asan/unit/%,$(UNIT_SOURCES))
SUPPORT_OBJECTS := $(patsubst %.c,$(BUILD)/asan/obj/%.o,$(UNIT_SUPPORT))

$(BUILD)/asan/libsupport.a: $(SUPPORT_OBJECTS)
	@rm -f $@
	$(QUIET)ar rcs $@ $^

$(BUILD)/asan/unit/test_sandbox_%: $(BUILD)/asan/obj/tests/unit/test_sandbox_%.o $(BUILD)/asan/libsupport.a $(BUILD)/asan/libsandbox.a
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(QUIET)$(CC) $(CHECKED) $^ $(LIBRARIES) -lcmocka -o $@

$(BUILD)/asan/unit/%: $(BUILD)/asan/obj/tests/unit/%.o $(BUILD)/asan/libsupport.a $(BUILD)/asan/libguichet.a
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(QUIET)$(CC) $(CHECKED) $^ $(LIBRARIES) -lcmocka -o $@

unit-programs: $(UNIT_PROGRAMS)

# ---- fuzzers ----
# What reads bytes from outside, and the fuzzers, by clang with coverage, ASan and UBSan; the rest
# of the program as it is installed. Warnings are gcc's affair.
FUZZ_CC      ?= clang
FUZZ_FLAGS   := -O1 -g1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
                -fno-omit-frame-pointer -DARENA_GAPS
FUZZ_SOURCES := $(sort $(filter src/base/% src/http/% src/template/% src/net/% src/provider/%,$(SOURCES)) \
                  src/web/raw_text.c src/web/browser_name.c src/web/guard.c src/association/member_import_read.c \
                  $(patsubst %,tests/unit/support/%.c,database fastcgi fresh loopback provider_house) $(wildcard tests/fuzz/*.c))

$(BUILD)/fuzz/obj/%.o: %.c | $(GENERATED)
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(QUIET)$(FUZZ_CC) $(STANDARD) -w $(FUZZ_FLAGS) $(INCLUDES) -Itests/unit -Itests/unit/support -MMD -MP -c $< -o $@

$(BUILD)/fuzz/fuzz: $(patsubst %.c,$(BUILD)/fuzz/obj/%.o,$(FUZZ_SOURCES)) $(BUILD)/libguichet.a
	$(call say,LINK,$@)
	$(QUIET)$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer -Wl,--wrap=http_client_call $^ $(LIBRARIES) -lcmocka -o $@

# Three mistakes planted in copies: what the fuzzers are seen to find, from their corpora alone.
PLANTED := src/base/utf8 src/base/picture src/http/request
PLANT_utf8    := s/replace_bad(convert(\(.*\)), arena);/convert(\1);/; s/^static struct str replace_bad/__attribute__((unused)) &/
PLANT_picture := s/if (chunk->len > reader->left - 12)/if (reader->left == 0)/
PLANT_request := s/arena_alloc(arena, text.len + 1)/arena_alloc(arena, text.len \/ 2)/

$(BUILD)/fuzz/planted/%.c: %.c Makefile
	@mkdir -p $(@D)
	$(QUIET)sed '$(PLANT_$(basename $(notdir $@)))' $< > $@

$(BUILD)/fuzz/planted/%.o: $(BUILD)/fuzz/planted/%.c | $(GENERATED)
	$(QUIET)$(FUZZ_CC) $(STANDARD) -w $(FUZZ_FLAGS) $(INCLUDES) -c $< -o $@

$(BUILD)/fuzz/planted/fuzz: $(patsubst %,$(BUILD)/fuzz/planted/%.o,$(PLANTED)) $(BUILD)/fuzz/fuzz
	$(call say,LINK,$@)
	$(QUIET)$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer -Wl,--wrap=http_client_call $(filter %.o,$^) \
	    $(filter-out $(patsubst %,$(BUILD)/fuzz/obj/%.o,$(PLANTED)),$(patsubst %.c,$(BUILD)/fuzz/obj/%.o,$(FUZZ_SOURCES))) \
	    $(BUILD)/libguichet.a $(LIBRARIES) -lcmocka -o $@

fuzz: $(BUILD)/fuzz/fuzz $(BUILD)/fuzz/planted/fuzz ## the fuzzers: FUZZ=csv build/fuzz/fuzz tests/fuzz/corpus/csv

# ---- what the benchmark is made of ----
BENCH_PROGRAMS := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(wildcard tests/bench/*.c))

$(BUILD)/bench/%: tests/bench/%.c $(BUILD)/libguichet.a
	$(call say,LINK,$@)
	@mkdir -p $(@D)
	$(QUIET)$(CC) $(STANDARD) $(WARNINGS) $(HARDENING) $(INCLUDES) $(LINKING) $^ $(LIBRARIES) -o $@

# ---- packages ----
deps: ## install what building, demo and tests need (only what is missing)
	@conf/deps.sh check

NODE_MODULES := tests/node_modules/.installed

$(NODE_MODULES): tests/package.json tests/package-lock.json
	$(call say,NPM,tests/node_modules)
	@cd tests && npm ci --ignore-scripts --loglevel=error
	@touch $@

# ---- tests ----
# Each target installs and builds what it needs, then hands over to tests/run.
BUILD_QUIETLY = @$(MAKE) -s --no-print-directory -j$(JOBS)
TESTS          = @BUILD=$(abspath $(BUILD)) JOBS=$(JOBS) tests/run

check: deps ## everything; ends with "N passed, N failed"
	$(BUILD_QUIETLY) all asan fuzz unit-programs $(BUILD)/tsan/guichet $(NODE_MODULES)
	$(TESTS) lint unit e2e money fault ops threads security

check-lint: deps ## format, layers, sizes, clang-tidy, cppcheck, configurations
	$(BUILD_QUIETLY) all $(NODE_MODULES)
	$(TESTS) lint

check-unit: deps ## every module, under ASan and UBSan
	$(BUILD_QUIETLY) unit-programs
	$(TESTS) unit

check-security: PARTS := fuzz $(BUILD)/tsan/guichet
check-e2e check-money check-faults check-ops check-security: deps
	$(BUILD_QUIETLY) all asan unit-programs $(PARTS) $(NODE_MODULES)
	$(TESTS) $(patsubst check-%,%,$(@:faults=fault))

check-threads: deps ## ThreadSanitizer on everything at once
	$(BUILD_QUIETLY) all $(BUILD)/tsan/guichet $(NODE_MODULES)
	$(TESTS) threads

check-e2e: ## the whole house: nginx, guichet, sandbox, browser
check-money: ## random payments, counted from the sandbox's ledger alone
check-faults: ## kill -9 between any two steps and under load, loss of power (SCALE=50: the long form)
check-ops: ## restarts under load, and the installation as it is shipped
check-security: ## the checklist row by row; filters, fuzzers, mutants, scanners

bench: ## every figure beside what it is compared with (QUICK=1, ONLY=word, STRICT=1)
	@conf/deps.sh bench
	$(BUILD_QUIETLY) all $(BENCH_PROGRAMS) $(NODE_MODULES)
	@BUILD=$(abspath $(BUILD)) tests/bench/run.js

format: ## let clang-format lay out all C
	clang-format -i $(shell find src tests -name '*.[ch]' -not -path '*/node_modules/*')

# ---- demonstration ----
DEMO = @BUILD=$(abspath $(BUILD)) DEMO_DIR=$(abspath $(DEMO_DIR)) PORT=$(PORT) \
       SANDBOX_PORT=$(SANDBOX_PORT) conf/demo.sh

demo: demo-build ## the demonstration, until Ctrl-C (PORT=8080 SANDBOX_PORT=8081)
	$(DEMO) run

demo-up: demo-build ## the same in the background; returns when the site answers
	$(DEMO) up

demo-down: ## stop it
	$(DEMO) down

demo-reset: ## stop it and forget its data
	$(DEMO) reset

.PHONY: demo-build
demo-build:
	@conf/deps.sh demo
	$(BUILD_QUIETLY) all

# ---- installation ----
# What exists in /etc is the administrator's and stays; see "Install in production" in the README.
SHARE := $(DESTDIR)/usr/share/guichet
UNITS := $(DESTDIR)/usr/lib/systemd/system

install: $(BUILD)/guichet ## copy the program, pages, units (DESTDIR=, as root)
	install -D -m 755 $(BUILD)/guichet $(DESTDIR)/usr/bin/guichet
	install -d $(SHARE)/templates/web/partial $(SHARE)/templates/mail $(SHARE)/static
	install -m 644 templates/web/*.html $(SHARE)/templates/web
	install -m 644 templates/web/partial/*.html $(SHARE)/templates/web/partial
	install -m 644 templates/mail/*.txt $(SHARE)/templates/mail
	install -m 644 $(filter-out static/sandbox%,$(wildcard static/*.*)) $(SHARE)/static
	install -m 644 conf/common-passwords.txt conf/common-passwords.license $(SHARE)
	install -m 755 conf/backup.sh $(SHARE)/backup.sh
	install -D -m 644 conf/nginx.conf $(SHARE)/nginx.conf
	install -d $(UNITS)
	install -m 644 $(wildcard conf/guichet*.service conf/guichet*.socket conf/guichet*.timer) $(UNITS)
	install -D -m 644 README.md $(DESTDIR)/usr/share/doc/guichet/README.md
	install -D -m 644 conf/nginx-fastcgi.conf $(DESTDIR)/etc/guichet/nginx-fastcgi.conf
	test -e $(DESTDIR)/etc/guichet/guichet.conf || \
	    install -m 644 conf/guichet.conf $(DESTDIR)/etc/guichet/guichet.conf

deb: $(BUILD)/guichet ## the Debian package: build/guichet_VERSION_ARCH.deb
	@conf/debian/build.sh $(BUILD) \
	    $(shell sed -n 's/^.define GUICHET_VERSION "\(.*\)"/\1/p' src/programs/version.h)

.SECONDARY:
-include $(shell find $(BUILD)/obj $(BUILD)/asan/obj $(BUILD)/tsan/obj $(BUILD)/fuzz/obj -name '*.d' 2>/dev/null)

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

clean: ## remove what was built (not the demo's data)
	rm -rf $(BUILD)/asan $(BUILD)/fuzz $(BUILD)/tsan $(BUILD)/security $(BUILD)/obj $(BUILD)/gen $(BUILD)/check $(BUILD)/deb $(BUILD)/ops $(BUILD)/*.a $(BUILD)/guichet $(BUILD)/guichet-sandbox
