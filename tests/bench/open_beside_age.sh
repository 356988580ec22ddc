#!/bin/bash
# How fast an age file is opened: saqta open beside age -d, in turn, on the same
# file; the ratio of the medians. open_beside_age.sh BUILD [MB]
set -euo pipefail
saqta=$1/saqta mb=${2:-512}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
age-keygen -o "$tmp/key" 2>/dev/null
head -c "${mb}M" /dev/urandom |
	age -r "$(age-keygen -y "$tmp/key")" -o "$tmp/file"
export TIMEFORMAT=%R
for _ in 1 2 3 4 5; do
	{ time "$saqta" open -i "$tmp/key" "$tmp/file" >/dev/null; } \
		2>>"$tmp/ours"
	{ time age -d -i "$tmp/key" "$tmp/file" >/dev/null; } 2>>"$tmp/age"
done
ours=$(sort -n "$tmp/ours" | sed -n 3p) peer=$(sort -n "$tmp/age" | sed -n 3p)
echo "opening ${mb} MB: saqta $ours s, age $peer s, ratio" \
	"$(awk "BEGIN { printf \"%.2f\", $ours / $peer }") (below 1 is faster)"
