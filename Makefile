# Saqta: one Makefile for all. `make` builds, `make check` tests, `make demo` shows.
VERSION := 0.1.0
B ?= build
ifeq ($(origin CC),default)
CC := gcc
endif
PREFIX ?= /usr
DESTDIR ?=

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
PKGS_storage := libsodium libcrypto sqlite3 jansson inih libseccomp liboath libqrencode libsystemd libpcre2-8
PKGS_recorder := libavformat libavcodec libavutil libsodium jansson expat inih libseccomp gnutls libsystemd
PKGS_web := libmicrohttpd jansson inih gnutls libsodium libcurl zlib libsystemd
PKGS_alert := jansson inih libsodium libcurl libsystemd
PKGS_test := cmocka
PKGS_storage += libarchive -lzxcvbn -lm
PKGS := $(sort $(PKGS_storage) $(PKGS_recorder) $(PKGS_web) $(PKGS_alert))
# Some have no file of pkg-config.
libs = $(shell pkg-config --libs $(filter-out -l%,$(1))) $(filter -l%,$(1))

CPPFLAGS += -I. -D_GNU_SOURCE -DSAQTA_VERSION='"$(VERSION)"' $(shell pkg-config --cflags-only-I $(filter-out -l%,$(PKGS)) $(PKGS_test) 2>/dev/null)
CFLAGS ?= -O2 -g
CFLAGS += -std=gnu17 $(WARN) -fstack-protector-strong -fPIE -pthread
LDFLAGS += -pie -Wl,-z,relro,-z,now -pthread
ifeq ($(SAN),1)
CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS += -fsanitize=address,undefined
CPPFLAGS += -DCLOCK_HOOK
else
CPPFLAGS += -D_FORTIFY_SOURCE=2
endif
ifeq ($(FUZZING),1)
CFLAGS += -fsanitize=fuzzer-no-link,address,undefined
LDFLAGS += -fsanitize=fuzzer,address,undefined
endif
ifeq ($(CLOCK_HOOK),1)
CPPFLAGS += -DCLOCK_HOOK
endif

src = $(sort $(wildcard $(1)/*.c))
obj = $(patsubst %.c,$(B)/o/%.o,$(1))
API := $(call src,storage/api)
STORAGE := $(filter-out storage/main.c storage/verify_main.c,$(call src,storage))
TOOL := $(call src,storage/tool)
RECORDER := $(filter-out recorder/main.c,$(call src,recorder))
WEB := $(filter-out web/main.c,$(call src,web))
ALERT := $(filter-out alert/main.c,$(call src,alert))
PROGRAMS := $(B)/saqta-storage $(B)/saqta-recorder $(B)/saqta-web $(B)/saqta \
    $(B)/saqta-verify $(B)/saqta-alert
UNIT_SRC := $(sort $(wildcard tests/unit/*/*_test.c))
UNIT := $(patsubst tests/unit/%.c,$(B)/unit/%,$(UNIT_SRC))
FUZZ := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(sort $(wildcard tests/fuzz/*_fuzz.c)))
BENCH := $(patsubst tests/bench/%.c,$(B)/bench/%,$(sort $(wildcard tests/bench/*_bench.c)))

.PHONY: all programs unit fuzzers deps deps-test check lint demo bench soak fuzz mutants deb reproducible booted machine install clean
all: programs
programs: $(PROGRAMS)
unit: $(UNIT) $(B)/tests/writer $(B)/tests/crash.so $(B)/tests/quick.so

$(B)/o/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# The schemas travel inside the program.
$(B)/o/storage/schema.o: storage/schema.sql
	@mkdir -p $(@D)
	cd storage && ld -r -b binary -z noexecstack -o $(abspath $@) schema.sql

$(B)/o/storage/transactions.o: storage/transactions.sql
	@mkdir -p $(@D)
	cd storage && ld -r -b binary -z noexecstack -o $(abspath $@) transactions.sql

# So do the pages of an evidence package. verify.html is one file that works
# from a USB stick: the modules of the Verify page, without import and export.
VERIFY_JS := $(patsubst %,web/ui/verify/%.js,hash ed25519 zip movie proof \
    policy check text show)
$(B)/o/storage/report.o: storage/report.html
	@mkdir -p $(@D)
	cd storage && ld -r -b binary -z noexecstack -o $(abspath $@) report.html
$(B)/verify.html: web/ui/verify/page.html $(VERIFY_JS)
	@mkdir -p $(@D)
	sed -e '/^import .*;$$/d' -e '/^import /,/;$$/d' -e 's/^export //' $(VERIFY_JS) >$@.js
	sed -e '/^SCRIPT$$/{r $@.js' -e 'd}' $< >$@.tmp
	mv $@.tmp $@
$(B)/o/storage/verify_page.o: $(B)/verify.html
	@mkdir -p $(@D)
	cd $(B) && ld -r -b binary -z noexecstack -o $(abspath $@) verify.html

$(B)/libapi.a: $(call obj,$(API))
$(B)/libstorage.a: $(call obj,$(STORAGE)) $(B)/o/storage/schema.o \
    $(B)/o/storage/transactions.o \
    $(B)/o/storage/report.o $(B)/o/storage/verify_page.o
$(B)/librecorder.a: $(call obj,$(RECORDER))
$(B)/libweb.a: $(call obj,$(WEB))
$(B)/libalert.a: $(call obj,$(ALERT))
$(B)/lib%.a:
	rm -f $@ && $(AR) rcs $@ $^

$(B)/saqta-storage: $(B)/o/storage/main.o $(B)/libstorage.a $(B)/libapi.a
	$(CC) $(LDFLAGS) -o $@ $^ $(call libs,$(PKGS_storage))
$(B)/saqta: $(call obj,$(TOOL)) $(B)/libstorage.a $(B)/libapi.a
	$(CC) $(LDFLAGS) -o $@ $^ $(call libs,$(PKGS_storage) libssl)
# For outsiders: no index, no archive writer, no FFmpeg.
$(B)/saqta-verify: $(B)/o/storage/verify_main.o $(B)/o/storage/tool/verify.o $(B)/libstorage.a $(B)/libapi.a
	$(CC) $(LDFLAGS) -o $@ $^ $(call libs,libsodium libcrypto jansson)
$(B)/saqta-recorder: $(B)/o/recorder/main.o $(B)/librecorder.a $(B)/libapi.a
	$(CC) $(LDFLAGS) -o $@ $^ $(call libs,$(PKGS_recorder))
$(B)/saqta-web: $(B)/o/web/main.o $(B)/libweb.a $(B)/libapi.a
	$(CC) $(LDFLAGS) -o $@ $^ $(call libs,$(PKGS_web))
$(B)/saqta-alert: $(B)/o/alert/main.o $(B)/libalert.a $(B)/libapi.a
	$(CC) $(LDFLAGS) -o $@ $^ $(call libs,$(PKGS_alert))

# Unit tests mirror the source: tests/unit/<part>/<name>_test.c tests <part>/<name>.c.
$(B)/unit/api/%: $(B)/o/tests/unit/api/%.o $(B)/libapi.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(call libs,inih libsystemd cmocka)
$(B)/unit/storage/%: $(B)/o/tests/unit/storage/%.o $(B)/libstorage.a $(B)/libapi.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(call libs,$(PKGS_storage) cmocka)
$(B)/unit/recorder/%: $(B)/o/tests/unit/recorder/%.o $(B)/librecorder.a $(B)/libapi.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(call libs,$(PKGS_recorder) cmocka)
$(B)/unit/web/%: $(B)/o/tests/unit/web/%.o $(B)/libweb.a $(B)/libapi.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(call libs,$(PKGS_web) cmocka)
$(B)/unit/alert/%: $(B)/o/tests/unit/alert/%.o $(B)/libalert.a $(B)/libapi.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(call libs,$(PKGS_alert) cmocka)
# Our age writer and random reader, for tests/vectors.
$(B)/tests/writer: $(B)/o/tests/vectors/writer.o $(B)/libstorage.a $(B)/libapi.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(call libs,$(PKGS_storage))
# Preloaded into storage: it dies at its n-th write, sync, rename or unlink.
$(B)/tests/crash.so: tests/crash/crash.c
	@mkdir -p $(@D)
	$(CC) -D_GNU_SOURCE -O2 -g -std=gnu17 $(WARN) -fPIC -shared -o $@ $<
# Preloaded where tests wait for no password.
$(B)/tests/quick.so: tests/quick.c
	@mkdir -p $(@D)
	$(CC) -D_GNU_SOURCE -O2 -g -std=gnu17 $(WARN) -fPIC -shared -o $@ $< $(call libs,libsodium)
# Preloaded into storage while the demo's months are made.
$(B)/tests/nosync.so: tests/nosync.c
	@mkdir -p $(@D)
	$(CC) -D_GNU_SOURCE -O2 -g -std=gnu17 $(WARN) -fPIC -shared -o $@ $<
# The simulated camera: GStreamer, never sanitized, warnings as everywhere.
PKGS_camera := gstreamer-rtsp-server-1.0 gstreamer-app-1.0
$(B)/tests/camera: tests/camera/camera.c tests/camera/scene.c tests/camera/scene.h
	@mkdir -p $(@D)
	$(CC) -I. -D_GNU_SOURCE $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(PKGS_camera))) \
	    -O2 -g -std=gnu17 $(WARN) -o $@ $(filter %.c,$^) $(call libs,$(PKGS_camera))

# A hostile child in the real sandbox; never sanitized, so that limits hold.
HOSTILE := tests/hostile/hostile.c recorder/sandbox.c recorder/video.c
$(B)/tests/hostile: $(HOSTILE) recorder/sandbox.h recorder/video.h
	@mkdir -p $(@D)
	$(CC) -I. -D_GNU_SOURCE -O2 -g -std=gnu17 $(WARN) -o $@ $(HOSTILE) \
	    $(call libs,libavformat libavcodec libavutil libseccomp)

# Fuzzers (libFuzzer): web_* and those of the recorder by name, else storage.
FUZZ_RECORDER := $(addprefix $(B)/fuzz/,$(addsuffix _fuzz,rtsp depay onvif))
$(FUZZ_RECORDER): $(B)/fuzz/%: $(B)/o/tests/fuzz/%.o $(B)/librecorder.a $(B)/libapi.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(call libs,$(PKGS_recorder))
$(B)/fuzz/web_%: $(B)/o/tests/fuzz/web_%.o $(B)/libweb.a $(B)/libapi.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(call libs,$(PKGS_web))
$(B)/fuzz/%: $(B)/o/tests/fuzz/%.o $(B)/libstorage.a $(B)/libapi.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(call libs,$(PKGS_storage))
# What the parsers of a package begin with: a program of its own, no fuzzer.
$(B)/tests/seeds: $(B)/o/tests/fuzz/seeds.o $(B)/libstorage.a $(B)/libapi.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(call libs,$(PKGS_storage) cmocka)
$(B)/bench/%: $(B)/o/tests/bench/%.o $(B)/libstorage.a $(B)/libapi.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(call libs,$(PKGS_storage))

# The sender of the cost bench: nothing of ours in it.
$(B)/bench/cameras: tests/bench/cameras.c
	@mkdir -p $(@D)
	$(CC) -D_GNU_SOURCE -O2 -g -std=gnu17 $(WARN) -o $@ $<

.PRECIOUS: $(B)/o/%.o

# What a machine needs; tests/deps installs what is missing, as root.
DEPS := gcc make pkg-config libc6-dev libsodium-dev libsqlite3-dev \
    libjansson-dev libinih-dev libseccomp-dev liboath-dev libqrencode-dev \
    libsystemd-dev libavformat-dev libavcodec-dev libavutil-dev \
    libexpat1-dev libssl-dev libmicrohttpd-dev libgnutls28-dev \
    libcurl4-openssl-dev libarchive-dev libpcre2-dev zlib1g-dev libzxcvbn-dev \
    openssl tzdata
DEPS_DEMO := $(DEPS) python3 libgstrtspserver-1.0-dev \
    libgstreamer-plugins-base1.0-dev gstreamer1.0-plugins-base \
    gstreamer1.0-plugins-good gstreamer1.0-plugins-ugly ffmpeg
DEPS_TEST := $(DEPS_DEMO) gstreamer1.0-plugins-bad libcmocka-dev age \
    clang clang-format clang-tidy cppcheck libclang-rt-14-dev systemd curl \
    patch valgrind nodejs npm chromium firefox-esr iproute2 nftables
DEPS_TEST += mandoc unzip python3-jsonschema python3-prometheus-client python3-yaml \
    python3-aiosmtpd \
    sslscan slowhttptest xfsprogs strace nginx-light
deps:
	tests/deps $(DEPS)
deps-test:
	tests/deps $(DEPS_TEST)
	for d in tests/browser tests/vectors; do \
	    [ ! -f $$d/package.json ] || \
	    [ $$d/node_modules -nt $$d/package-lock.json ] || \
	    { (cd $$d && npm ci --no-audit --no-fund) && \
	    touch $$d/node_modules; } || exit 1; done

# Everything is built anew below, once what it needs is there.
CHECK := build/san
check: deps-test
	$(MAKE) B=$(CHECK) SAN=1 -j2 programs unit $(CHECK)/tests/camera $(CHECK)/tests/hostile
	tests/run --build $(CHECK) TEST=$(TEST)
lint:
	tests/run --build $(B) tests/lint
# Its months need another clock: programs that are never installed.
demo:
	tests/deps $(DEPS_DEMO)
	$(MAKE) B=$(B)/hook CLOCK_HOOK=1 -j2 programs $(B)/hook/tests/camera $(B)/hook/tests/nosync.so
	exec tests/demo --build $(B)/hook
fuzzers: $(FUZZ)
# Each fuzzer for FUZZ_S seconds; what it finds stays in build/fuzz/found, what
# leads to new code in build/fuzz/corpus. FUZZERS: names, such as "proof zip".
FUZZ_S ?= 60
FUZZERS ?= $(patsubst tests/fuzz/%_fuzz.c,%,$(sort $(wildcard tests/fuzz/*_fuzz.c)))
fuzz: deps-test
	$(MAKE) B=build/fuzz FUZZING=1 CC=clang -j2 fuzzers
	$(MAKE) B=$(CHECK) SAN=1 -j2 $(CHECK)/tests/seeds
	mkdir -p build/fuzz/found
	$(CHECK)/tests/seeds build/fuzz/seeds
	for f in $(patsubst %,build/fuzz/fuzz/%_fuzz,$(FUZZERS)); do \
	    n=$$(basename $$f); echo "$$n"; \
	    mkdir -p build/fuzz/corpus/$$n build/fuzz/seeds/$$n; \
	    $$f -max_total_time=$(FUZZ_S) -rss_limit_mb=2048 -verbosity=0 \
	    -artifact_prefix=build/fuzz/found/ build/fuzz/corpus/$$n \
	    build/fuzz/seeds/$$n || exit 1; done
BENCH_S ?= 60
bench: deps-test
	$(MAKE) B=$(B) -j2 programs $(BENCH) $(B)/bench/cameras
	for b in $(BENCH); do $$b || exit 1; done
	tests/bench/open_beside_age.sh $(B)
	tests/bench/cost_beside_ffmpeg.py $(B) 16 $(BENCH_S)
	tests/bench/what_the_disk_gets.py $(B) $(BENCH_S)
	$(MAKE) B=$(B)/hook CLOCK_HOOK=1 -j2 programs $(B)/hook/bench/cameras $(B)/hook/tests/nosync.so
	tests/bench/start_at_scale.py $(B)/hook
	tests/bench/memory_at_scale.py $(B)/hook
	tests/bench/export_times.py $(B)/hook
	tests/bench/pages_in_a_browser.py $(B)/hook
	tests/bench/people_watching.py $(B) $(BENCH_S)
	tests/bench/journal_of_a_gigabyte.py $(B)
# The system tests over and over, until SOAK_S seconds are over or one fails.
SOAK_S ?= 3600
soak: deps-test
	$(MAKE) B=$(CHECK) SAN=1 -j2 programs unit $(CHECK)/tests/camera $(CHECK)/tests/hostile $(CHECK)/bench/cameras
	tests/bench/people_watching.py $(CHECK) 60 watch
	tests/soak/cameras_and_kills.py $(CHECK) $(SOAK_S) $(SOAK_SEED)
	end=$$(($$(date +%s) + $(SOAK_S))); while [ $$(date +%s) -lt $$end ]; do \
	    SAQTA_SOAK=1 tests/run --build $(CHECK) tests/system || exit 1; done
mutants: deps-test
	tests/mutants/run

# The package, built from what git has; it lies in build/deb.
DEPS_DEB := debhelper lintian mandoc
deb:
	tests/deps git $(DEPS) $(DEPS_DEB)
	rm -rf build/deb && mkdir -p build/deb/saqta
	git archive -o build/deb/source.tar HEAD
	tar -x -f build/deb/source.tar -C build/deb/saqta
	cd build/deb/saqta && dpkg-buildpackage -us -uc -b
	lintian --fail-on error,warning --suppress-tags bad-distribution-in-changes-file,initial-upload-closes-no-bugs build/deb/*.changes
# Two builds, at another time, place, zone and language, give the same bytes.
reproducible: deb
	rm -rf build/deb/again && mkdir -p build/deb/again/elsewhere
	tar -x -f build/deb/source.tar -C build/deb/again/elsewhere
	cd build/deb/again/elsewhere && umask 027 && \
	    env TZ=Pacific/Auckland LC_ALL=C.UTF-8 dpkg-buildpackage -us -uc -b
	for d in build/deb/saqta*.deb; do \
	    cmp $$d build/deb/again/$$(basename $$d) || exit 1; done
	@echo "two builds, the same bytes"
# The package on a system that really boots (systemd-nspawn, as root).
booted: deb
	tests/deps systemd-container mmdebstrap curl locales
	tests/booted/run build/deb
# On Debian's own kernel, in a machine that qemu plays: limits, power cuts, erasure
# (as root; without hardware for it a quarter of an hour, on a busy machine more).
machine: deb
	tests/deps mmdebstrap qemu-system-x86
	$(MAKE) B=build build/tests/camera build/tests/hostile
	tests/machine/run build/deb

sbindir := $(DESTDIR)$(PREFIX)/sbin
libdir := $(DESTDIR)$(PREFIX)/lib
sharedir := $(DESTDIR)$(PREFIX)/share/saqta
install: programs
	install -D -t $(sbindir) $(B)/saqta-storage $(B)/saqta-recorder $(B)/saqta-web \
	    $(B)/saqta-alert
	install -D -t $(DESTDIR)$(PREFIX)/bin $(B)/saqta $(B)/saqta-verify
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man5 storage/tool/saqta-evidence.5
	install -D -m 644 -t $(libdir)/systemd/system systemd/*.service systemd/*.timer
	install -D -t $(DESTDIR)$(PREFIX)/libexec/saqta systemd/saqta-host
	install -D -m 644 -t $(libdir)/systemd/catalog systemd/*.catalog
	install -D -m 644 systemd/saqta.sysusers $(libdir)/sysusers.d/saqta.conf
	install -D -m 644 systemd/saqta.tmpfiles $(libdir)/tmpfiles.d/saqta.conf
	install -d $(DESTDIR)/etc/saqta/conf.d
	install -d -m 700 $(DESTDIR)/etc/saqta/alert
	[ -e $(DESTDIR)/etc/saqta/saqta.conf ] || \
	    install -D -m 644 systemd/saqta.conf $(DESTDIR)/etc/saqta/saqta.conf
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man1 storage/tool/saqta.1 \
	    storage/tool/saqta-verify.1
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man5 systemd/saqta.conf.5 \
	    storage/saqta-journal.5
	for f in storage/journals/*.conf; do \
	    [ -e $(DESTDIR)/etc/saqta/journals/$$(basename $$f) ] || \
	    install -D -m 644 -t $(DESTDIR)/etc/saqta/journals $$f || exit 1; done
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man8 \
	    storage/saqta-storage.8 recorder/saqta-recorder.8 web/saqta-web.8 \
	    alert/saqta-alert.8
	install -D -m 644 systemd/saqta.bash-completion \
	    $(DESTDIR)$(PREFIX)/share/bash-completion/completions/saqta
	install -D -m 644 -t $(sharedir) systemd/saqta.rules.yml
	install -D -m 644 alert/text.json $(sharedir)/alert.json
	cd web/ui && find . -type f -exec install -D -m 644 {} $(sharedir)/ui/{} \;

clean:
	rm -rf build build-*

include $(wildcard $(shell find $(B)/o -name '*.d' 2>/dev/null))
