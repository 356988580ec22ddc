// Watch opens on the first picture that any camera has, large (web/ui/tape.js).
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

const from = Date.UTC(2026, 10, 22, 9, 15), ns = (ms) => `${from + ms}000000`;
const ui = new URL("../../web/ui/", import.meta.url);
// the older Node.js takes a .js file for no module unless its folder says so
const folder = fs.mkdtempSync(path.join(process.env.SAQTA_TMP ?? os.tmpdir(),
	"pages-"));
let failed = 0;

fs.writeFileSync(path.join(folder, "package.json"), '{"type": "module"}');
for (const file of ["tape.js", "time.js", "i18n.js"])
	fs.copyFileSync(new URL(file, ui), path.join(folder, file));
const { opening, Tape } = await import(path.join(folder, "tape.js"));

// A camera whose footage begins so many ms after the range; null: there is none.
const tape = (ms) => new Tape({ camera: "cam", gaps: [], runs: ms === null ? [] :
	[{ from_ns: ns(ms), to_ns: ns(60e3), parts: [] }] }, from, from + 60e3);

function opens(title, begins, named, main, ms)
{
	const is = opening(begins.map(tape), from, named);
	const good = is.main === main && is.at === from + ms;

	failed += !good;
	console.log(`${good ? "ok" : "not ok"} - ${title}` + (good ? "" :
		` (${is.main}, ${is.at - from})`));
}

opens("of cameras that all have the begin the first is the large one",
	[0, 0], -1, 0, 0);
opens("where another begins a little earlier it stays so, at its own picture",
	[300, 0], -1, 0, 300);
opens("where another begins well before, that one is the large one",
	[5e3, 700, 0], -1, 1, 700);
opens("nothing is left out for a camera that was asked for",
	[5e3, 0], 0, 0, 0);
opens("one that was asked for opens at its own picture where that is near",
	[0, 40], 1, 1, 40);
opens("a camera without footage is never chosen", [null, 2e3], -1, 1, 2e3);
opens("without any footage it is the begin", [null, null], -1, 0, 0);
fs.rmSync(folder, { recursive: true });
process.exit(failed ? 1 : 0);
