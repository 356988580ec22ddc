// verify_node.mjs SCRIPT PACKAGE [POLICY] - what the script of verify.html says
// of a package, as JSON, without a browser. SCRIPT is what the build put into
// the page: a plain script, which Debian's Node.js can read.
import fs from "node:fs";

const [script, file, policy] = process.argv.slice(2);
const { CLAIMS, verify, parsePolicy } = new Function(
	fs.readFileSync(script, "utf8") +
	"\nreturn { CLAIMS, verify, parsePolicy };")();
const v = await verify(new Blob([fs.readFileSync(file)]),
	policy ? parsePolicy(fs.readFileSync(policy, "utf8")) : null);

console.log(JSON.stringify({ status: v.status,
	claims: CLAIMS.map((c) => v.claims[c].answer),
	findings: v.findings.slice(0, 100).map((f) =>
		[f.code, f.file, f.at_ms]) }));
