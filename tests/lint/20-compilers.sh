#!/bin/bash
# timeout: 900
# Both compilers accept every source without a warning; the layout holds.
set -u
cd "$(dirname "$0")/../.." || exit 1
out=$(mktemp)
trap 'rm -f "$out"' EXIT
status=0

check()		# TITLE COMMAND...
{
	local title=$1
	shift
	if "$@" >"$out" 2>&1; then
		echo "ok - $title"
	else
		echo "not ok - $title"
		head -n 60 "$out" | sed 's/^/  /'
		status=1
	fi
}

sources=$(find recorder storage web alert tests -name '*.c' \
	-not -path '*/node_modules/*' | sort)

syntax()	# COMPILER OPTION...: warnings need the optimiser's eyes
{
	local packages="libsodium sqlite3 jansson inih libseccomp libavformat
		libavcodec libavutil libmicrohttpd gnutls cmocka
		gstreamer-rtsp-server-1.0 gstreamer-app-1.0" compiler=$1 flags
	shift
	# shellcheck disable=SC2086
	flags=$(pkg-config --cflags $packages | sed 's/-I/-isystem /g')
	# shellcheck disable=SC2086
	echo "$sources" | xargs -P 2 -n 8 "$compiler" -fsyntax-only -I. \
		-D_GNU_SOURCE -DCLOCK_HOOK -DSAQTA_VERSION='"0"' -std=gnu17 \
		-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror \
		$flags "$@"
}

check "gcc finds nothing to warn about" syntax gcc -Wno-unused-function
check "clang finds nothing to warn about" syntax clang
check "every source is laid out as .clang-format says" tests/lint/format.py
exit $status
