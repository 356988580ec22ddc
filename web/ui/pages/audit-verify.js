// audit-verify.js - the ledger is verified on the appliance, a slice at a time,
// and the result is said in words.
import * as api from "../api.js";
import { el, fill, say } from "../dom.js";
import { number, t } from "../i18n.js";
import * as time from "../time.js";

const BUSY = 400;	// ms until one asks again where another is at it
const PATIENCE = 60;	// such waits, one after the other
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

export function verifier()
{
	const result = el("div", { id: "verified" });
	const button = el("button", { type: "button", name: "verify", on: {
		click: async () => {
			button.disabled = true;
			try {
				await run(result);
			} catch (problem) {
				const text = problem.sentence ?? String(problem);
				fill(result, el("p", { class: "told bad" }, text));
				say(text);
			}
			button.disabled = false;
		} } }, t("audit.verifyNow"));

	return el("div", {}, el("p", {}, button), result);
}

// The next slice; another's turn is waited for.
async function slice(anew, result)
{
	for (let i = 0; ; i++) {
		try {
			return await api.verifyLedger(anew);
		} catch (problem) {
			if (problem.name !== "busy" || i >= PATIENCE)
				throw problem;
			if (!i)
				fill(result, el("p", { class: "soft" },
					t("audit.verifyBusy")));
		}
		await sleep(BUSY);
	}
}

// Another window of the same session verifies the same chain: where that came to
// its end first, this one has none any more, and begins anew, once.
function slices(result)
{
	let again = true;

	return async (anew) => {
		try {
			return await slice(anew, result);
		} catch (problem) {
			if (problem.name !== "invalid" || !again)
				throw problem;
			again = false;
			return slice(true, result);
		}
	};
}

async function run(result)
{
	const next = slices(result);
	const bar = el("progress", { max: 1, "aria-label":
		t("audit.verifyNow") });
	const words = el("span", { class: "num" });
	const shown = el("p", { class: "row mid" }, bar, words);
	let r = await next(true);

	fill(result, shown);
	while (!r.over && result.isConnected) {
		bar.max = r.size;
		bar.value = r.at;
		words.textContent = t("audit.verifying", { at: number(r.at),
			size: number(r.size) });
		r = await next(false);
		if (!shown.isConnected)
			fill(result, shown);
	}
	if (r.over)
		tell(result, r);
}

function tell(result, r)
{
	const well = r.found_in_all === 0;
	const lines = well ? fine(r) : r.found.map(wrong);

	if (r.found_in_all > r.found.length)
		lines.push(t("audit.verifyMore", { n: r.found_in_all -
			r.found.length }));
	const title = t(well ? "audit.verifyWell" : "audit.verifyIll",
		{ n: r.found_in_all });
	fill(result, el("div", { class: "told " + (well ? "good" : "bad") },
		el("p", {}, el("strong", {}, title)),
		el("ul", {}, lines.map((l) => el("li", {}, l)))));
	say([title, ...lines].join(" "));
}

const stamp = (text) => time.stamp(time.instant(text));

const fine = (r) => [
	t("audit.verifyRange", { size: number(r.size), from: stamp(r.from),
		to: stamp(r.to) }),
	t("audit.verifySigned", { signed: number(r.signed) }),
	r.unnamed && t("audit.verifyUnnamed", { n: r.unnamed }),
	r.heads && t("audit.verifyHeads", { time: stamp(r.heads) }),
	r.witness ? t("audit.verifyWitness", { who: r.witness.by.join(", "),
		size: number(r.witness.size), time: stamp(r.witness.at) }) :
		t("genuine.noWitness")].filter(Boolean);

const wrong = (f) => t("audit.wrong." + f.what,
	{ entry: number(f.entry ?? 0) });
