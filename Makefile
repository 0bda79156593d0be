# SPDX-License-Identifier: BSD-2-Clause
# The commands people type. meson and ninja do the work; every target installs what is missing first.
BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=
SETUP ?=
ninja = ninja -C $(1) --quiet

all: $(BUILD)/build.ninja
	@$(call ninja,$(BUILD))

need:
	@tools/need.sh

$(BUILD)/build.ninja: | need
	@meson setup $(BUILD) --prefix $(PREFIX) $(SETUP) >$(BUILD).log 2>&1 || { cat $(BUILD).log; exit 1; }
	@rm -f $(BUILD).log

demo: need all
	@tools/demo.sh $(BUILD)

test: need all
	@tests/all.sh $(BUILD)

bench: need all
	@bench/run.sh $(BUILD)

fuzz: need
	@fuzz/run.sh

install: all
	@DESTDIR="$(DESTDIR)" meson install -C $(BUILD) --quiet

clean:
	@rm -rf build build-clang build-asan build-fuzz

.PHONY: all need demo test bench fuzz install clean
