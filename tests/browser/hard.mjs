// hard.mjs - what an auditor meets beside the main job: a gap that is asked
// about, a changed segment, an approval that ends while he watches, coverage
// that must equal the tool's, the ledger in two languages, a wrong PC clock.
//
//   node hard.mjs BASEURL --accounts FILE.json --facts FILE.json
//       [--browser chromium|firefox] [--shots DIR]
//
// The facts are those of tests/system/51*: {request, revoked, spoilt, revokes,
// coverage}. Nothing is recorded any more while this runs.
import fs from "node:fs";
import { asAnother, begin, newCode, play, sleep } from "./lib.mjs";
import { ahead, secondsOf, stillPicture } from "./picture.mjs";

const REVOKED_MS = 10e3;	// then a player has stopped
const run = await begin("hard", ["accounts", "facts"]);
const { opt, base, accounts, is, json, p, shot } = run;
const facts = JSON.parse(fs.readFileSync(opt.facts, "utf8"));
const iso = (ms) => new Date(ms).toISOString();
const arrived = () => p.until("the page", () =>
	document.querySelector("main h1") &&
	!document.getElementById("main").hasAttribute("aria-busy"));

async function lang(code)
{
	await p.open("/about");
	await p.click(`.langs [lang=${code}]`);
	await p.until("the language", (l) =>
		document.documentElement.lang === l, code);
}

// Scenario 7, rule 1: why, from when to when, who was told, what else there is.
async function asksAboutTheGap(gap)
{
	const from = Date.parse(gap.from), to = Date.parse(gap.to);

	await p.open("/find?" + new URLSearchParams({
		from: iso(from - 10e3), to: iso(to + 10e3) }));
	await p.see("#gap-here section");
	const text = await p.text("#gap-here");
	is(/CAM 1 face/.test(text) && /\d+(\.\d)? s/.test(text) &&
		/Noticed \d\d\.\d\d\.\d{4} [\d:]{8}/.test(text),
	"a gap is told with camera, bounds, cause and when it was noticed", text);
	is(/CAM 2 cash/.test(text), "and which other camera has that time", text);
	await p.until("who was told", () => /Nobody was told: a gap below a minute/
		.test(document.querySelector("#gap-here").innerText));
	is(true, "and who was told of it: of so short a one nobody");
	await shot("gap");
	await p.click("#gap-here button:last-of-type");
	await p.until("the far side", () =>
		!document.querySelector("#gap-here section"));
	is(/recorded/.test(await p.eval(() => document.querySelector(
		".strip [role=slider]").getAttribute("aria-valuetext"))),
	"one step leads to the footage after it");
	is(!p.watch.urls.some((u) => u.includes("/media/")),
		"and no footage was fetched for that");
}

// Scenario 17: the badge, its evidence, and no picture of that segment.
async function meetsTheChange(play)
{
	const [, two] = play.cameras;
	const part = two.runs.flatMap((r) => r.parts).find((x) =>
		x.seq === facts.spoilt);

	const middle = part.fragments[part.fragments.length >> 1];

	await p.open(`/watch/${facts.request}?` + new URLSearchParams({
		camera: "cam-2", t: iso(Number(middle.start_ns) / 1e6 + 100) }));
	await p.see(".screen.main .gapcard");
	await p.until("the badge", () => document.querySelector(
		".badges details summary").innerText === "Not genuine", null,
	20e3);
	await p.click(".badges details:nth-of-type(1) summary");
	const words = await p.until("the evidence", () => document
		.querySelector(".badges details[open] .evidence")?.innerText);
	is(words.includes(`segment ${facts.spoilt} fails its check`) &&
		/only as evidence of damage/.test(words),
	"a changed segment is named: not genuine", words);
	is(await p.eval(() => document.querySelector(".screen.main").classList
		.contains("empty")), "and no picture of it is shown");
	await shot("changed");
}

// Scenario 17: what is exported of it is evidence of damage, and says so.
async function exportsTheDamage()
{
	await p.press("Escape");
	await p.press("[");
	await p.press("ArrowRight");
	await sleep(300);
	await p.press("]");
	await p.click("#part-export");
	await p.see("#part [name=code]");
	const told = await p.text("#part form");
	is(/A segment in it fails its check.* evidence of damage/.test(told),
		"who exports a changed segment is told what that will be", told);
	await shot("damage");
	await p.fill("#part [name=password]", accounts.auditor.password);
	await p.fill("#part [name=code]", await newCode(accounts.auditor));
	await p.click("#part form button[type=submit]");
	await p.until("the page of exports", () =>
		location.pathname === "/exports");
	const { exports: [{ id }] } = await json("/api/v1/exports");
	await p.until("it is ready", (x) => document.querySelector(
		`[data-export="${x}"]`)?.dataset.state === "ready", id, 60e3);
	const text = await p.text(`[data-export="${id}"]`);
	is(/Evidence of damage: 1 part of the recorded footage is missing or damaged/
		.test(text), "and the package stands in the list as that", text);
	const wrong = await p.violations();
	is(wrong.length === 0, "no violation of WCAG 2.2 AA: such a package",
		wrong.join(" | "));
	await shot("damage-exported");
}

// Of a part in which nothing is whole there is no package: the page says why.
async function exportsNothingWhole(play)
{
	const [, { runs }] = play.cameras;
	const { fragments } = runs.flatMap((r) => r.parts).find((x) =>
		x.seq === facts.spoilt);
	const at = Number(fragments[fragments.length >> 1].start_ns) / 1e6;
	const { status, text } = await p.fetch(
		`/api/v1/requests/${facts.request}/exports`, { method: "POST",
			headers: { "Content-Type": "application/json" },
			body: JSON.stringify({ from: iso(at + 100),
				to: iso(at + 200), cameras: ["cam-2"],
				password: accounts.auditor.password,
				code: await newCode(accounts.auditor) }) });
	is(status === 202, "a package of that segment alone is begun", text);
	const { id } = JSON.parse(text);
	const words = [];
	for (const code of ["kk", "ru", "en"]) {
		await lang(code);
		await p.open("/exports");
		words.push(await p.until("it has failed, and why", (x) =>
			document.querySelector(`[data-export="${x}"][data-state` +
				"=failed] .told.bad")?.innerText, id, 60e3));
	}
	is(new Set(words).size === 3 && /^All of the footage .* is missing or damaged/
		.test(words[2]), "that all of it is damaged is told in each language",
	words.join(" | "));
	await shot("nothing-whole");
}

// Scenario 12: the approval ends while he watches.
async function isRevoked(id)
{
	await p.open("/watch/" + id);
	await p.see(".clock");
	await p.until("a picture", () => document.querySelector(
		".screen.main video").readyState > 1);
	is(await p.eval(() => document.querySelector(".screen.main").dataset
		.camera === "cam-2" && document.querySelector(
		".screen:not(.main)").classList.contains("empty")),
	"where one camera has a gap first, another's picture is the large one");
	await p.press("l");
	const done = await asAnother(base, facts.revokes,
		`/api/v1/requests/${id}/revoke`, { reason: "Client withdrew." });
	const begun = Date.now();
	await p.reads("Watching has ended", 20e3);
	const took = Date.now() - begun;
	is(done.status === 200 && took < REVOKED_MS, "revoked while being " +
		"watched: the player stops within ten seconds", `${took} ms`);
	is(await p.eval(() => [...document.querySelectorAll("video")].every(
		(v) => !v.getAttribute("src"))), "and its pictures are gone");
	// the lay-out goes by a grant that was asked for seconds ago
	let r = await p.fetch(`/api/v1/requests/${id}/play`);
	while (r.status !== 403 && Date.now() - begun < REVOKED_MS) {
		await new Promise((done) => setTimeout(done, 250));
		r = await p.fetch(`/api/v1/requests/${id}/play`);
	}
	is(r.status === 403, "within ten seconds what he asks for is refused: " +
		"403", r.status);
	const had = p.watch.urls.findLast((u) => u.includes(`/media/${id}/`) &&
		/\/\d+$/.test(u));
	const again = await p.fetch(had);
	is(again.status === 403, "and so are the very bytes that he had: 403",
		again.status);
}

// Scenario 20: six months as the page adds them up are those of the tool.
async function countsAsTheTool()
{
	await p.open("/coverage");
	await p.see("#coverage-table");
	const shown = await p.eval(() => Object.fromEntries([...document
		.querySelectorAll("#coverage-table tbody tr")].map((tr) =>
		[tr.dataset.camera, Number(tr.dataset.recorded)])));
	const told = facts.coverage.cameras.map((c) => [c.camera,
		c.recorded_ns / 1e6]);
	is(/Six months reach back to [\d.]{10}; the oldest footage here is from [\d.]{10}/
		.test(await p.text("main")), "beside what is required: how far six " +
		"months reach back, and how far what is there does",
	await p.text("main"));
	is(told.length === 2 && told.every(([id, ms]) => ms > 20e3 &&
		Math.abs(shown[id] - ms) < 50), "the coverage page counts what " +
		"`saqta coverage --json` counts", JSON.stringify([shown, told]));
}

// Scenario 21: the whole story of a request, the same in two languages.
async function readsTheStory()
{
	const rows = {};

	for (const code of ["kk", "en"]) {
		await lang(code);
		await p.open("/audit?" + new URLSearchParams({ what: "footage",
			word: facts.request }));
		await arrived();
		rows[code] = await p.eval(() => [...document.querySelectorAll(
			"main tbody tr")].map((tr) => [...tr.cells].map((c) =>
			c.innerText)));
		await shot("story-" + code);
	}
	is(rows.en.length > 2 && rows.kk.length === rows.en.length &&
		rows.en.every(([n, , text], i) => rows.kk[i][0].replace(/\D/g, "")
			=== n.replace(/\D/g, "") && rows.kk[i][2] !== text &&
			/[\u0400-\u04ff]/.test(rows.kk[i][2]) &&
			!/[{}]|entry\./.test(text + rows.kk[i][2])),
	"the story of a request reads in Kazakh as in English, entry by entry",
	JSON.stringify(rows).slice(0, 400));
}

// Scenario 16: a PC whose clock is wrong; the link opens the same picture.
async function hasAWrongClock(play)
{
	const wish = Math.floor(Date.parse(play.cameras[0].runs[0].from) / 1e3 +
		4) * 1e3;
	const look = async () => {
		await p.open(`/watch/${facts.request}?` + new URLSearchParams({
			camera: "cam-1", t: iso(wish) }));
		return stillPicture(p);
	};
	const right = await look();
	is(await p.eval(() => !document.querySelector(".banner.alarm")),
		"a right clock has no banner");
	await p.driver.before(() => {
		const now = Date.now.bind(Date);
		Date.now = () => now() + 600e3;
	});
	const wrong = await look();
	// the answer took a moment on its way
	is(/10 min|9 min 5\d s/.test(await p.text(".banner.alarm")),
		"a PC clock that is ten minutes ahead is told",
		await p.text("#banners"));
	// until the browser tells which picture it painted, the wish is shown
	is(wrong.frame === right.frame && wrong.clock === right.clock &&
		Math.abs(secondsOf(wrong.shown) - secondsOf(right.shown)) < 0.1 &&
		Math.abs(secondsOf(wrong.shown) - wish / 1e3) < 0.1 &&
		Math.abs(ahead(wrong.clock, wish / 1e3)) < 0.5,
	"and the link opens the same picture, at site time",
	JSON.stringify([right, wrong]));
}

await play(run, async () => {
	await p.open("/");
	await p.signIn(accounts.auditor);
	await lang("en");
	const told = await json(`/api/v1/requests/${facts.request}/play`);
	await asksAboutTheGap(told.cameras[0].gaps[0]);
	await countsAsTheTool();
	await meetsTheChange(told);
	await exportsTheDamage();
	await exportsNothingWhole(told);
	await isRevoked(facts.revoked);
	await readsTheStory();
	await hasAWrongClock(told);
});
