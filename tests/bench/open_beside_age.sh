#!/bin/bash
# What opening an age file costs: saqta open beside age -d, and beside the bare
# AEAD of libcrypto, in turn, in seconds of CPU (others may work on the machine);
# medians of five. Fails where age is faster, or the bare AEAD by more than a
# tenth. open_beside_age.sh BUILD [MB]
set -euo pipefail
saqta=$1/saqta mb=${2:-512}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
age-keygen -o "$tmp/key" 2>/dev/null
head -c "${mb}M" /dev/urandom |
	age -r "$(age-keygen -y "$tmp/key")" -o "$tmp/file"
export TIMEFORMAT='%U %S'
for _ in 1 2 3 4 5; do
	{ time "$saqta" open -i "$tmp/key" "$tmp/file" >/dev/null; } \
		2>>"$tmp/ours"
	{ time age -d -i "$tmp/key" "$tmp/file" >/dev/null; } 2>>"$tmp/age"
	# kB a second of user time
	openssl speed -decrypt -seconds 1 -bytes 65536 \
		-evp chacha20-poly1305 2>/dev/null |
		awk -v mb="$mb" 'END { print mb * 1048.576 / $2 }' >>"$tmp/bare"
done
median() { awk "{ print $2 }" "$tmp/$1" | sort -n | sed -n 3p; }
awk -v mb="$mb" -v ours="$(median ours '$1 + $2')" \
	-v age="$(median age '$1 + $2')" \
	-v user="$(median ours '$1')" -v bare="$(median bare '$1')" 'BEGIN {
	printf "opening %d MB: saqta %.2f s of CPU, age %.2f, ratio %.2f " \
		"(limit 1)\n", mb, ours, age, ours / age
	printf "of it in user space %.2f s, the bare AEAD of libcrypto %.2f, " \
		"ratio %.2f (limit 0.9)\n", user, bare, bare / user
	exit ours > age || bare < 0.9 * user }'
