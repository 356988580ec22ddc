// together.mjs - what one does on Watch beside playing: several cameras in step
// (scenario 15), another camera large, marks, notes, a snapshot, the badges'
// evidence, a hold of the marked part; all by keys where there is a key.
import { createHash } from "node:crypto";
import fs from "node:fs";
import { newCode, sleep } from "./lib.mjs";
import { ahead, readPicture, secondsOf } from "./picture.mjs";

const FRAMES = 1;	// pictures that the painted clocks may differ by

// {p: Person, is, shot, dir, job: {id, camera, others, play}, iso, play: ms}
export async function together(x)
{
	const { p, job } = x;
	const runs = job.play.cameras.map((c) => c.runs.map((r) =>
		[Date.parse(r.from), Date.parse(r.to)]));
	// the longest stretch that the first camera has in one piece
	const [from, to] = runs[0].reduce((a, b) =>
		b[1] - b[0] > a[1] - a[0] ? b : a);

	x.at = Math.floor(from / 1e3 + 2) * 1e3;
	x.until = to;
	await p.open(`/watch/${job.id}?` + new URLSearchParams({
		camera: job.camera, t: x.iso(x.at) }));
	await p.see(".clock");
	if (job.others.length)
		await inStep(x);
	await notes(x);
	await marks(x);
	await evidence(x);
	if (job.others.length)
		await another(x);
}

// How far the other cameras' painted clocks are from the main one's, in
// pictures; asked until all stand still.
async function apart({ p, job })
{
	let last = [];

	for (let i = 0; i < 60; i++) {
		const all = await Promise.all(["", ...job.others].map((c) =>
			p.eval(readPicture, c)));
		const shown = all.filter((r) => r && !r.hidden);
		const now = shown.map((r) => r.clock - shown[0].clock);
		if (shown.length === all.length && shown.every((r) => r.paused) &&
		    now.join() === last.join())
			return Math.max(...now.map(Math.abs));
		last = now;
		await sleep(150);
	}
	return NaN;
}

async function inStep(x)
{
	const { p, is } = x;
	const told = [];
	const look = async (what) => told.push([what, await apart(x)]);

	await look("seek");
	await p.press(".");
	await look("step");
	await p.press(".");
	await look("step");
	await p.press(",");
	await look("step back");
	await p.press("l");
	await sleep(x.play);
	await p.press("k");
	await look("play");
	await p.press("ArrowLeft");
	await look("a second back");
	await p.press("l");
	await p.press("l");
	await p.press("l");
	await sleep(1500);
	await p.press("k");
	await look("4x");
	await p.press("j");
	await sleep(1200);
	await p.press("k");
	await look("backwards");
	is(told.every(([, n]) => n <= FRAMES), "the cameras' painted clocks " +
		"differ by a picture at most after seek, steps, play, 4x, reverse",
	told.join("; "));
	await x.shot("together");
	await p.eval(() => document.querySelectorAll(".controls button")
		.forEach((b) => b.textContent === "1\u00d7" && b.click()));
}

const clock = (p) => p.text(".clock");

async function notes({ p, is, shot, dir })
{
	const before = secondsOf(await clock(p));

	await p.press("n");
	await p.see("[name=note]");
	await p.press("Enter");
	await p.reads("Please fill this in");
	await p.fill("[name=note]", "Card \u0430\u043b\u044b\u043d\u0434\u044b, <b>n.b.</b>");
	await p.press("Enter");
	await p.reads("The note is in the ledger.");
	const text = await p.text("#notes");
	is(/Card \u0430\u043b\u044b\u043d\u0434\u044b, <b>n\.b\.<\/b>/.test(text) &&
		/entry no\. \d+/.test(text), "a note is entered at its moment", text);
	await p.press("ArrowRight");
	await p.eval(() => [...document.querySelectorAll("#notes .list li")]
		.find((li) => /n\.b\./.test(li.innerText))
		.querySelector("button").click());
	let back = NaN;
	for (let i = 0; i < 50 && !(Math.abs(back - before) < 0.1); i++) {
		await sleep(100);
		back = secondsOf(await clock(p));
	}
	is(Math.abs(back - before) < 0.1, "and leads back to it",
		`${before} ${back}`);
	await p.eval(() => {
		const make = URL.createObjectURL;
		URL.createObjectURL = (what) => {
			if (what.type === "image/png")
				window.kept = what.arrayBuffer();
			return make(what);
		};
	});
	const had = await p.eval(() => document.querySelectorAll(
		"#notes code").length);
	await p.press("s");
	await p.until("a picture", () => Boolean(window.kept));
	await p.until("its line", (n) => document.querySelectorAll(
		"#notes code").length > n, had);
	const bytes = await p.eval(async () =>
		[...new Uint8Array(await window.kept)]);
	const file = Buffer.from(bytes);
	const sum = createHash("sha256").update(file).digest("hex");
	is((await p.text("#notes")).includes(sum), "S gives a picture as PNG, and " +
		"the ledger has the hash of exactly this file", sum);
	const said = file.subarray(file.indexOf("iTXtComment")).toString();
	is(/UTC\+05:00 .*\n.*REQ-.*\n.*SHA-256\n[0-9a-f]{64}/.test(said),
		"which says time, camera, viewer and the fragment's hash in " +
		"itself", said.slice(0, 300));
	fs.writeFileSync(`${dir}/snapshot.png`, file);
	await shot("note");
}

async function marks(x)
{
	const { p, is } = x;

	await p.press("[");
	await p.press("ArrowRight");
	await sleep(200);
	await p.press("ArrowRight");
	await sleep(400);
	await p.press("]");
	await p.see("#part-hold");
	const text = await p.text("#part");
	is(/In: [\d:]{8}/.test(text) && /Out: [\d:]{8}/.test(text) &&
		// to a picture: its second may begin a little before
		/\b(1\.9|2) s\b/.test(text), "[ and ] mark a part", text);
	is(await p.eval(() => [...document.querySelectorAll(".chosen")].every(
		(n) => !n.hidden)), "the part is shown on each camera's line");
	await p.eval(() => document.getElementById("part-hold").focus());
	await p.press("Enter");
	await p.see("[name=hold-reason]");
	// in another browser somebody else holds the same
	const reason = `Client disputes it (${p.driver.name}).`;
	await p.page.keyboard.type(reason);
	await p.press("Tab");
	await p.press("Enter");
	await p.reads("Held, and entered in the ledger.");
	const { holds } = JSON.parse((await p.fetch("/api/v1/holds")).text);
	is(holds.some((h) => h.reason === reason &&
		h.case === "K-114" && h.cameras.length === 1 +
			x.job.others.length), "the marked part is held for its case");
	await exported(x);
}

// The marked part as a package: prepared, its fingerprint, its download.
async function exported({ p, is, shot, job, iso, at, auditor })
{
	await p.click("#part-export");
	await p.fill("#part [name=password]", auditor.password);
	await p.fill("#part [name=code]", await newCode(auditor));
	await p.click("#part form button[type=submit]");
	await p.until("the page of exports", () =>
		location.pathname === "/exports");
	const id = await p.until("a package that is ready", () =>
		document.querySelector(".export[data-state=ready]")
			?.dataset.export, null, 60000);
	const { exports } = JSON.parse((await p.fetch("/api/v1/exports")).text);
	const told = exports.find((e) => e.id === id);
	const text = await p.text(`[data-export="${id}"]`);
	is(told.request === job.id && text.replace(/\s/g, "")
		.includes(told.sha256), "a marked part becomes a package, its " +
		"fingerprint is shown", text);
	await shot("exports");
	const cut = await p.fetch(`/media/exports/${id}`, { headers:
		{ Range: `bytes=${told.bytes - 100}-` } });
	is(cut.status === 206 && cut.bytes === 100, "its download goes on " +
		"where it was cut", `${cut.status} ${cut.bytes}`);
	await p.open(`/watch/${job.id}?` + new URLSearchParams({
		camera: job.camera, t: iso(at + 2000) }));
	await p.see(".clock");
}

async function evidence({ p, is, shot })
{
	const words = [], wide = [];

	if (p.driver.scheme)	// a small window: the last one stands at its edge
		await p.page.setViewportSize({ width: 1100, height: 768 });
	for (let i = 1; i <= 3; i++) {
		await p.click(`.badges details:nth-of-type(${i}) summary`);
		await sleep(150);
		wide.push(await p.sideways());
		words.push(await p.text(".badges details[open] .evidence"));
		if (i === 1)
			await shot("evidence");
		await p.press("Escape");
	}
	is(/segments? (are|is) in the ledger/.test(words[0]) &&
		/[\d.]+ % recorded/.test(words[1]) && /ledger/.test(words[2]),
	"genuine, complete and seen-by open their evidence", words.join(" | "));
	is(wide.every((n) => n <= 0), "and nothing of it is cut by the page's edge",
		wide.join());
	if (p.driver.scheme)
		await p.page.setViewportSize({ width: 1366, height: 768 });
}

async function another(x)
{
	const { p, is } = x;
	const wish = secondsOf(await clock(p));

	await p.press("2");
	await p.until("the second camera large", () =>
		document.querySelectorAll(".screen")[1].classList
			.contains("main"));
	await sleep(500);
	const r = await p.eval(readPicture);
	is(r && Math.abs(secondsOf(r.shown) - wish) < 0.1 &&
		Math.abs(ahead(r.clock, secondsOf(r.shown))) < 0.1 &&
		(await p.eval(() => location.search)).includes(
			x.job.play.cameras[1].camera),
	"another camera becomes the large one at the same moment",
	JSON.stringify(r));
	await thumbnail(x);
}

async function thumbnail({ p, is, shot })
{
	const box = await p.eval(() => {
		const b = document.querySelector(".strip .bar")
			.getBoundingClientRect();
		return { x: b.x + b.width * 0.3, y: b.y + b.height / 2 };
	});

	await p.page.mouse.move(box.x - 3, box.y);
	await p.page.mouse.move(box.x, box.y);
	const there = await p.until("a thumbnail", () =>
		document.querySelector(".thumb canvas")?.getContext("2d")
			.getImageData(90, 60, 1, 1).data[3], null, 8000);
	is(there === 255, "a thumbnail shows where the pointer rests", there);
	await shot("thumbnail");
	await p.page.mouse.move(5, 5);
}
