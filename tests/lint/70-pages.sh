#!/bin/bash
# Every script of the pages is a module that parses; languages have one set of
# keys and the terms of the glossary.
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
# What is on all pages has its ids for itself.
ids=$(grep -o 'id="[^"]*"' web/ui/index.html | sort | cut -d'"' -f2)
if [ "$(echo "$ids" | uniq -d)" ] || grep -rnE --include='*.js' \
	"\bid: \"($(echo "$ids" | paste -sd'|'))\"" web/ui; then
	echo "not ok - no page gives an id of the shell again"
	status=1
else
	echo "ok - no page gives an id of the shell again"
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
for (const l of ["en", "kk", "ru"]) {	// of two the later one would count
	const keys = fs.readFileSync(`web/ui/text/${l}.js`, "utf8")
		.match(/(?<=^\t|, )"[^"\s]+"(?=: )/gm);
	for (const k of keys.filter((x, i) => keys.indexOf(x) !== i))
		wrong++, console.log(`  ${k} stands twice in ${l}`);
}
console.log(`${wrong ? "not ok" : "ok"} - the languages have the same keys, ` +
	"each once");
const flat = (v) => (typeof v === "string" ? v : Object.values(v).join(" "))
	.replace(/\{\w+\}/g, "").toLowerCase();
const { "": _, ...terms } = JSON.parse(fs.readFileSync("web/glossary.json"));
const said = wrong;
for (const [term, g] of Object.entries(terms)) {
	const named = new RegExp(`(?<!\\w)(${g.en})(?!\\w)`);
	for (const k of Object.keys(en[1]).filter((x) => named.test(
		flat(en[1][x])) && !g.but.includes(x)))
		for (const [l, text] of others)
			if (k in text && !new RegExp(g[l]).test(flat(text[k])))
				wrong++, console.log(`  ${l} ${k}: ${term} is no ${g[l]}`);
}
console.log(`${wrong > said ? "not ok" : "ok"} - terms are those of the glossary`);
process.exit(wrong ? 1 : 0)' || status=1
exit $status
