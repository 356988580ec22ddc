# Saqta: one Makefile for all. `make` builds, `make check` tests, `make demo` shows.
VERSION := 0.1.0
B ?= build
ifeq ($(origin CC),default)
CC := gcc
endif
PREFIX ?= /usr
DESTDIR ?=

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
PKGS_storage := libsodium sqlite3 jansson inih libseccomp
PKGS_tool := libsodium sqlite3 jansson inih
PKGS_recorder := libavformat libavcodec libavutil libsodium inih libseccomp
PKGS_web := libmicrohttpd jansson inih gnutls
PKGS_test := cmocka
PKGS := $(sort $(PKGS_storage) $(PKGS_recorder) $(PKGS_web))
libs = $(shell pkg-config --libs $(1))

CPPFLAGS += -I. -D_GNU_SOURCE -DSAQTA_VERSION='"$(VERSION)"' $(shell pkg-config --cflags-only-I $(PKGS) $(PKGS_test) 2>/dev/null)
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
ifeq ($(CLOCK_HOOK),1)
CPPFLAGS += -DCLOCK_HOOK
endif

src = $(sort $(wildcard $(1)/*.c))
obj = $(patsubst %.c,$(B)/o/%.o,$(1))
API := $(call src,storage/api)
STORAGE := $(filter-out storage/main.c,$(call src,storage))
TOOL := $(call src,storage/tool)
RECORDER := $(filter-out recorder/main.c,$(call src,recorder))
WEB := $(filter-out web/main.c,$(call src,web))
PROGRAMS := $(B)/saqta-storage $(B)/saqta-recorder $(B)/saqta-web $(B)/saqta
UNIT_SRC := $(sort $(wildcard tests/unit/*/*_test.c))
UNIT := $(patsubst tests/unit/%.c,$(B)/unit/%,$(UNIT_SRC))
FUZZ := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(sort $(wildcard tests/fuzz/*_fuzz.c)))

.PHONY: all programs unit deps deps-test check lint demo bench soak fuzz mutants install clean
all: programs
programs: $(PROGRAMS)
unit: $(UNIT)

$(B)/o/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# The schema travels inside the program.
$(B)/o/storage/schema.o: storage/schema.sql
	@mkdir -p $(@D)
	cd storage && ld -r -b binary -z noexecstack -o $(abspath $@) schema.sql

$(B)/libapi.a: $(call obj,$(API))
$(B)/libstorage.a: $(call obj,$(STORAGE)) $(B)/o/storage/schema.o
$(B)/librecorder.a: $(call obj,$(RECORDER))
$(B)/libweb.a: $(call obj,$(WEB))
$(B)/lib%.a:
	rm -f $@ && $(AR) rcs $@ $^

$(B)/saqta-storage: $(B)/o/storage/main.o $(B)/libstorage.a $(B)/libapi.a
	$(CC) $(LDFLAGS) -o $@ $^ $(call libs,$(PKGS_storage))
$(B)/saqta: $(call obj,$(TOOL)) $(B)/libstorage.a $(B)/libapi.a
	$(CC) $(LDFLAGS) -o $@ $^ $(call libs,$(PKGS_storage))
$(B)/saqta-recorder: $(B)/o/recorder/main.o $(B)/librecorder.a $(B)/libapi.a
	$(CC) $(LDFLAGS) -o $@ $^ $(call libs,$(PKGS_recorder))
$(B)/saqta-web: $(B)/o/web/main.o $(B)/libweb.a $(B)/libapi.a
	$(CC) $(LDFLAGS) -o $@ $^ $(call libs,$(PKGS_web))

# Unit tests mirror the source: tests/unit/<part>/<name>_test.c tests <part>/<name>.c.
$(B)/unit/api/%: $(B)/o/tests/unit/api/%.o $(B)/libapi.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(call libs,inih cmocka)
$(B)/unit/storage/%: $(B)/o/tests/unit/storage/%.o $(B)/libstorage.a $(B)/libapi.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(call libs,$(PKGS_storage) cmocka)
$(B)/unit/recorder/%: $(B)/o/tests/unit/recorder/%.o $(B)/librecorder.a $(B)/libapi.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(call libs,$(PKGS_recorder) cmocka)
$(B)/unit/web/%: $(B)/o/tests/unit/web/%.o $(B)/libweb.a $(B)/libapi.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(call libs,$(PKGS_web) cmocka)
# The simulated camera: GStreamer, never sanitized, warnings as everywhere.
PKGS_camera := gstreamer-rtsp-server-1.0 gstreamer-app-1.0
$(B)/tests/camera: tests/camera/camera.c tests/camera/scene.c tests/camera/scene.h
	@mkdir -p $(@D)
	$(CC) -I. -D_GNU_SOURCE $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(PKGS_camera))) \
	    -O2 -g -std=gnu17 $(WARN) -o $@ $(filter %.c,$^) $(call libs,$(PKGS_camera))

.PRECIOUS: $(B)/o/%.o

clean:
	rm -rf build build-*

include $(wildcard $(shell find $(B)/o -name '*.d' 2>/dev/null))
