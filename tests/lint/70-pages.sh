#!/bin/bash
# Every script of the pages is a module that parses; languages have one set of
# keys.
set -u
cd "$(dirname "$0")/../.." || exit 1
status=0
if ! command -v node >/dev/null; then
	echo "ok - pages # SKIP there is no node"
	exit 0
fi
wrong=$(find web/ui -name '*.js' | while read -r f; do
	node --input-type=module --check <"$f" >/dev/null 2>&1 || echo "  $f"
done)
if [ -z "$wrong" ]; then
	echo "ok - every script of the pages parses"
else
	echo "not ok - every script of the pages parses"
	echo "$wrong"
	status=1
fi
# Text stays text: nothing is made of markup or run from a string (ASVS 1.2, 1.3).
markup='innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function'
if grep -rnE --include='*.js' "$markup" web/ui; then
	echo "not ok - the pages make nodes, never markup"
	status=1
else
	echo "ok - the pages make nodes, never markup"
fi
node --input-type=module -e '
import fs from "node:fs";
// the older Node.js takes a .js file for no module, text it does
const module = (file) => import("data:text/javascript;base64," +
	fs.readFileSync(file).toString("base64"));
const [en, ...others] = await Promise.all(["en", "kk", "ru"].map(async (l) =>
	[l, (await module(`web/ui/text/${l}.js`)).default]));
let wrong = 0;
for (const [l, text] of others)
	for (const k of new Set([...Object.keys(en[1]), ...Object.keys(text)]))
		if (!(k in en[1]) !== !(k in text))
			wrong++, console.log(`  ${k} is not in both en and ${l}`);
console.log(`${wrong ? "not ok" : "ok"} - the languages have the same keys`);
process.exit(wrong ? 1 : 0)' || status=1
exit $status
