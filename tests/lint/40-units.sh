#!/bin/bash
# systemd accepts the units and finds them closed in.
set -u
cd "$(dirname "$0")/../.." || exit 1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
status=0

tell()		# STATUS TITLE
{
	[ "$1" = 0 ] && echo "ok - $2" && return
	echo "not ok - $2"
	sed 's/^/  /' "$dir/out"
	status=1
}

if ! command -v systemd-analyze >/dev/null; then
	echo "ok - units # SKIP there is no systemd-analyze"
	exit 0
fi
for unit in systemd/*.service; do
	name=$(basename "$unit")
	# The programs are not installed here: any that exists will do.
	sed 's#^\(ExecStart=\)[^ ]*#\1/bin/true#' "$unit" >"$dir/$name"
	# verify exits 0 on a key that it does not know: its words count
	systemd-analyze verify --man=no --recursive-errors=no "$dir/$name" \
		>"$dir/out" 2>&1 && ! [ -s "$dir/out" ]
	tell $? "systemd understands $name"
	systemd-analyze security --offline=true --no-pager --threshold=15 \
		"$unit" >"$dir/out" 2>&1
	tell $? "$name is exposed by at most 1.5 of 10"
done

for key in PrivateNetwork=yes MemorySwapMax=0 LimitCORE=0; do
	grep -qx "$key" systemd/saqta-storage.service 2>"$dir/out"
	tell $? "P1 storage has $key"
done
for unit in systemd/*.service; do
	case $unit in *backup*) continue ;; esac	# as much as its snapshot
	grep -q '^MemoryMax=' "$unit" 2>"$dir/out"
	tell $? "$(basename "$unit") has a limit of its memory"
done
for unit in storage recorder; do
	grep -qx OOMPolicy=continue "systemd/saqta-$unit.service" 2>"$dir/out"
	tell $? "P8 the end of one process of $unit is not that of all"
done
for unit in storage recorder; do
	# 256 cameras (CAMERAS_MAX), and who is signed in
	[ "$(sed -n 's/^LimitNOFILE=//p' "systemd/saqta-$unit.service")" -ge 8192 ] \
		2>"$dir/out"
	tell $? "P7 $unit may open what its cameras need"
done
for other in recorder web alert; do
	grep -q '^InaccessiblePaths=.*/lib/saqta/data' \
		"systemd/saqta-$other.service" &&
		grep -q '^InaccessiblePaths=.*-/srv/saqta' \
			"systemd/saqta-$other.service"
	tell $? "P1 $other can reach neither the data directory nor further volumes"
done

# Each message id has its texts in three languages, and no text is of another.
sed -n 's/^    {"[a-z-]*", "\([0-9a-f]*\)"},$/\1/p' storage/api/event.c |
	sort >"$dir/ids"
for l in '' .ru .kk; do
	sed -n 's/^-- \([0-9a-f]\{32\}\)$/\1/p' "systemd/saqta$l.catalog" |
		sort | diff "$dir/ids" - >"$dir/out"
	tell $? "saqta$l.catalog explains every event, and no other"
	[ "$(grep -c '^Subject: .' "systemd/saqta$l.catalog")" = \
		"$(wc -l <"$dir/ids")" ]
	tell $? "saqta$l.catalog has a subject for each"
done
grep -oh 'notify_cannot("[a-z-]*"' -r alert recorder storage web |
	sed 's/.*("\(.*\)"/\1/' | sort -u >"$dir/told"
sed -n 's/^    {"\(start-[a-z]*\)".*/\1/p' storage/api/event.c | sort |
	diff "$dir/told" - >"$dir/out"
tell $? "why a program does not start is an event, and each event has its place"
[ -s "$dir/ids" ] && [ -z "$(uniq -d "$dir/ids")" ]
tell $? "no two events share an id"
sed -n 's/^  "\([a-z-]*\)": {"mend".*/\1/p' alert/text.json | while read -r kind; do
	case $kind in saqta-away|token-refused|certificate-*|cameras) ;; *)
		grep -q "{\"$kind\"," storage/api/event.c || echo "$kind" ;;
	esac
done >"$dir/out"
! [ -s "$dir/out" ]
tell $? "every incident that storage tells has its event"
exit $status
