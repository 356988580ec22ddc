// lastday.mjs - footage is asked for on the last day of its term and decided
// three days later (ux.md, scenarios 7, 10 and 11).
//
//   node lastday.mjs BASEURL --accounts FILE.json --act ask|decide --from TIME
//       --erased TIME [--browser chromium|firefox] [--shots DIR]
//
// Three cameras, of whose footage 40 minutes after TIME are asked for; what was
// recorded at the other time is erased already. Each browser asks for its own.
import { begin, newCode, play, typed } from "./lib.mjs";
import { secondsOf } from "./picture.mjs";

const ASKED = 40 * 60e3, GIVEN = 20 * 60e3, NEAR = 60e3;	// ms
const run = await begin("lastday", ["accounts", "act", "from", "erased"]);
const { opt, accounts, is, json, p, shot } = run;
const from = Date.parse(opt.from), file = "K-" + opt.browser;
const iso = (ms) => new Date(ms).toISOString();

async function fillMoment(form, n, ms)
{
	for (const [i, value] of typed(ms, await json("/api/v1/site")).entries())
		await p.fill(`${form} .moment:nth-of-type(${n}) ` +
			`.field:nth-child(${i + 1}) input`, value);
}

// Scenario 7: beyond six months there is an entry, not nothing.
async function isErased()
{
	const at = Date.parse(opt.erased);

	await p.open("/find?" + new URLSearchParams({ camera: "cam-1",
		from: iso(at - NEAR), to: iso(at + NEAR) }));
	await p.until("the entry", () => /Erased on \d\d\.\d\d\.\d{4} [\d:]{8}.*, entry no\. \d+/
		.test(document.getElementById("gap-here")?.innerText));
	is(/was recorded, and erased when its term ended/i.test(
		await p.text("#gap-here")), "a time beyond six months: erased, " +
		"when, and which entry says so", await p.text("#gap-here"));
	await shot("erased");
}

// A click that fell beside it, because the page above it just grew, is repeated.
async function tick(at)
{
	const isTicked = () => p.eval((a) => document.querySelector(a).checked, at);

	await p.see(at);
	for (let i = 0; i < 3 && !await isTicked(); i++)
		await p.click(at);
	is(await isTicked(), "each camera that is asked for is ticked", at);
}

// Scenario 8's end: a number, and the range is held from now on.
async function asks()
{
	await p.open("/find?" + new URLSearchParams({ from: iso(from),
		to: iso(from + ASKED) }));
	await p.see("#ask");
	is(!await p.eval(() => [...document.querySelectorAll("main td")].some(
		(td) => /erased/.test(td.innerText))),
	"on its last day it is still there");
	for (const n of [1, 2, 3])
		await tick(`#ask input[value="cam-${n}"]`);
	await fillMoment("#ask", 1, from);
	await fillMoment("#ask", 2, from + ASKED);
	await p.fill("#ask [name=longer]", "When she came is not known.");
	await p.fill("#ask [name=reason]", "Client says no cash came out.");
	await p.fill("#ask [name=case]", file);
	await p.click("#ask button[type=submit]");
	await p.until("a request number", () =>
		/^\/requests\/REQ-[0-9-]+$/.test(location.pathname));
	await p.reads("is held");
	is(true, "asked for on its last day, it is held until it is decided");
	await shot("asked");
}

const asked = async () => (await json("/api/v1/requests")).requests
	.find((r) => r.case === file);

// Scenario 10: two of three cameras and half of the time, with a reason.
async function shortens(id)
{
	await p.reads("Waiting for your decision");
	await p.click(`a[href="/requests/${id}"]`);
	await p.see("#decide");
	await p.click('#decide input[value="cam-3"]');
	await fillMoment("#decide", 2, from + GIVEN);
	await p.fill("#decide [name=password]", accounts.custodian.password);
	await p.click("#decide button[value=approve]");
	await p.reads("Please say why you refuse or shorten.");
	is(true, "shortening without a reason is not possible");
	await p.fill("#decide [name=reason]", "She stood at two cameras.");
	await p.click("#decide button[value=approve]");
	await p.until("the code is asked for", () =>
		document.activeElement.name === "code");
	is(true, "nor without a code for this act");
	await p.fill("#decide [name=code]", await newCode(accounts.custodian));
	await p.click("#decide button[value=approve]");
	await p.until("approved", () => !document.querySelector("#decide") &&
		/approved/.test(document.querySelector("main").innerText));
	await shot("shortened");
}

async function seesWhatWasCut(id)
{
	await p.open("/requests/" + id);
	await p.reads("She stood at two cameras.");
	const text = await p.text("main");
	is(/20 min of what was asked were not approved/.test(text) &&
		/Not approved: CAM 3 room \(cam-3\)/.test(text), "the requester sees what was cut: " +
		"twenty minutes and a camera", text);
	await shot("cut");
}

// Scenario 11: three days after the term it would have had.
async function watches(id)
{
	await p.click(`a[href="/watch/${id}"]`);
	await p.until("a picture", () => document.querySelector(
		".screen.main video")?.readyState > 1 && !document
		.querySelector(".screen.main").classList.contains("empty"));
	const at = secondsOf(await p.text(".screen .clock")) * 1e3;
	const screens = await p.eval(() =>
		document.querySelectorAll(".screen").length);
	is(Math.abs(at - from) < NEAR && screens === 2, "what was asked for in " +
		"time is watched three days after its term",
	`${at} ${from} ${screens}`);
	await shot("watched");
}

await play(run, async () => {
	await p.open("/");
	await p.signIn(opt.act === "ask" ? accounts.auditor :
		accounts.custodian);
	await p.click(".langs [lang=en]");
	if (opt.act === "ask") {
		await isErased();
		await asks();
	} else {
		const { id } = await asked();
		await p.open("/");
		await shortens(id);
		await p.signOut();
		await p.signIn(accounts.auditor);
		await seesWhatWasCut(id);
		await watches(id);
	}
});
