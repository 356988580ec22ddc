#!/bin/bash
# The manual pages are sound and leave nothing out.
set -u
cd "$(dirname "$0")/../.." || exit 1
out=$(mktemp)
trap 'rm -f "$out"' EXIT
status=0

tell()		# STATUS TITLE
{
	[ "$1" = 0 ] && echo "ok - $2" && return
	echo "not ok - $2"
	sed 's/^/  /' "$out"
	status=1
}

for page in $(find . -name '*.[158]' -not -path './build*' -not -path '*/node_modules/*'); do
	if command -v mandoc >/dev/null; then
		# pages of ours are not installed here
		mandoc -T lint -W warning "$page" >"$out" 2>&1
		tell $? "$page has no warning of mandoc"
	else
		echo "ok - $page # SKIP there is no mandoc"
	fi
done

# Each key that the programs know, each verb of the tool.
sed -n 's/.*_KEY("[a-z]*", "\([a-z_]*\)".*/\1/p; s/^    {"[a-z]*", "\([a-z_]*\)", YES_NO.*/\1/p' \
	storage/api/config.c | while read -r key; do
	grep -q "^\.It Cm $key No = " systemd/saqta.conf.5 ||
		echo "saqta.conf.5 lacks $key"
	grep -q "^;$key = " systemd/saqta.conf || echo "saqta.conf lacks $key"
done >"$out"
! [ -s "$out" ]
tell $? "every key of the configuration is in its page and in the sample"
sed -n 's/^    {"\([a-z]*\)", tool_.*/\1/p' storage/tool/main.c |
	while read -r verb; do
		grep -q "^\.It Cm $verb$" storage/tool/saqta.1 ||
			echo "saqta.1 lacks $verb"
	done >"$out"
! [ -s "$out" ]
tell $? "every verb of the tool is in its page"
exit $status
