#!/bin/bash
# The Debian package builds with what the Makefile says is needed.
set -u
cd "$(dirname "$0")/../.." || exit 1
missing=$(make -s -f - print <<'M' | tr ' ' '\n' | grep -- '-dev$' |
include Makefile
print: ; @echo $(filter-out libc6-dev,$(DEPS))
M
	while read -r p; do
		grep -q "^ $p,\?$" debian/control || echo "  $p"
	done)
[ -z "$missing" ] && echo "ok - debian/control names every library of DEPS" ||
	{ echo "not ok - debian/control names every library of DEPS"
	echo "$missing"; exit 1; }
