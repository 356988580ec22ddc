#!/bin/bash
# timeout: 900
# What the sanitizers do not see: bytes that were never written and go into
# libav, or come out of it and decide something. So the unit tests that run it
# are built once more without sanitizers, for valgrind.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${SAQTA_BUILD:-build/san}/valgrind
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0

tell()		# STATUS TITLE
{
	if [ "$1" = 0 ]; then
		echo "ok - $2"
	else
		echo "not ok - $2"
		tail -n 40 "$log" | sed 's/^/  /'
		status=1
	fi
}

for name in picture stream; do
	test=$build/unit/recorder/${name}_test
	make B="$build" CLOCK_HOOK=1 "$test" >"$log" 2>&1 &&
		valgrind -q --error-exitcode=9 --leak-check=full \
			--errors-for-leak-kinds=definite "$test" >"$log" 2>&1
	tell $? "${name}_test reads no byte that was never written, and loses none"
done
exit $status
