#!/bin/bash
# timeout: 900
# What cppcheck and clang-tidy find: a small set of checks, all of which hold.
set -u
cd "$(dirname "$0")/../.." || exit 1
out=$(mktemp)
trap 'rm -f "$out"' EXIT
status=0
sources=$(find recorder storage web alert -name '*.c' | sort)

tell()		# STATUS TITLE
{
	if [ "$1" = 0 ]; then
		echo "ok - $2"
	else
		echo "not ok - $2"
		head -n 80 "$out" | sed 's/^/  /'
		status=1
	fi
}

# Headers of libraries are not on cppcheck's path. comparePointers: the linker
# gives the two ends of an embedded file as two objects. uninitvar: it does
# not see that a call fills an array; gcc and clang do, and check formats.
# varFuncNullUB is about C++; unknownMacro is jansson's foreach.
# shellcheck disable=SC2086
cppcheck -q -j 2 --std=c11 --enable=warning,portability --inline-suppr \
	--error-exitcode=1 --suppress=missingIncludeSystem \
	--suppress=preprocessorErrorDirective --suppress=comparePointers --suppress=uninitvar \
	--suppress=varFuncNullUB --suppress=invalidPrintfArgType_uint \
	--suppress=unknownMacro \
	-I. -D_GNU_SOURCE -DCLOCK_HOOK -DSAQTA_VERSION='"0"' \
	--template='{file}:{line}: {id}: {message}' $sources >"$out" 2>&1
tell $? "cppcheck finds nothing"

# bugprone: those that find bugs rather than taste; cert: what the C library
# gets wrong quietly. The path-sensitive analyzer is not run: too slow here.
checks='-*,bugprone-assert-side-effect,bugprone-branch-clone'
checks+=',bugprone-infinite-loop,bugprone-integer-division'
checks+=',bugprone-macro-repeated-side-effects'
checks+=',bugprone-posix-return,bugprone-redundant-branch-condition'
checks+=',bugprone-signal-handler'
checks+=',bugprone-suspicious-*,bugprone-terminating-continue'
checks+=',bugprone-undefined-memory-manipulation,bugprone-unused-return-value'
checks+=',bugprone-too-small-loop-variable,cert-flp30-c'
checks+=',cert-msc30-c'
checks+=',-bugprone-suspicious-include,-bugprone-suspicious-string-compare'
flags=$(pkg-config --cflags-only-I libsodium sqlite3 jansson inih libseccomp \
	libavformat libmicrohttpd gnutls | sed 's/-I/-isystem /g')
# shellcheck disable=SC2016
echo "$sources" | CHECKS=$checks FLAGS=$flags xargs -P 2 -n 6 sh -c '
	clang-tidy --quiet --checks="$CHECKS" --warnings-as-errors="*" "$@" \
		-- -I. -D_GNU_SOURCE -DCLOCK_HOOK "-DSAQTA_VERSION=\"0\"" \
		-std=gnu17 $FLAGS' sh >"$out" 2>/dev/null
tell $? "clang-tidy finds nothing"
exit $status
