// watched.mjs - footage of a grant is watched: the second that a link names,
// steps, jumps, playing, across a gap, and its download. What is shown is
// compared with the clock that the camera painted.
import { newCode, sleep } from "./lib.mjs";
import { ahead, nextPicture, readPicture, secondsOf, stillPicture } from
	"./picture.mjs";

const CLOCK_LIMIT = 0.5;	// s between the painted and the shown clock
const round = (ms) => Math.floor(ms / 1e3) * 1e3;
let p, is, shot, job, iso, json, base, auditor;

// {p, is, shot, job: {id, camera}, iso, json, base, auditor, size}; job.play is
// what the grant holds afterwards. Behind a gap pictures have that size.
export async function watched(x)
{
	({ p, is, shot, job, iso, json, base, auditor } = x);
	await auditorWatches();
	await crossesTheGap(x.size);
	await downloads();
}

// The painted picture once it stands still at the wanted second.
async function pictureAt(seconds, near = 0.1)
{
	const end = Date.now() + 15000;
	let last = null;

	for (;;) {
		const r = await p.eval(readPicture);
		if (r && !r.hidden) {
			last = { ...r, at: secondsOf(r.shown) };
			if (Math.abs(last.at - seconds) <= near)
				break;
		}
		if (Date.now() > end)
			return last;
		await sleep(40);
	}
	await sleep(120);	// what is painted may lag what is said
	const r = await p.eval(readPicture);
	return r ? { ...r, at: secondsOf(r.shown) } : last;
}

// The painted picture that stands still, where one does.
async function standing()
{
	const r = await stillPicture(p).catch(() => null);
	return r && { ...r, at: secondsOf(r.shown) };
}

const watchAt = (ms) => p.open(`/watch/${job.id}?` + new URLSearchParams(
	{ camera: job.camera, t: iso(ms) }));

async function auditorWatches()
{
	await p.signIn(auditor);
	job.play = (await json(`/api/v1/requests/${job.id}/play`));
	const run = job.play.cameras[0].runs[0];
	const from = Date.parse(run.from), to = Date.parse(run.to);
	const wish = round((from + to) / 2);

	await watchAt(wish);
	const seen = await pictureAt(wish / 1e3);
	is(seen && Math.abs(seen.at - wish / 1e3) < 0.1,
		"a link opens the second it names", JSON.stringify(seen));
	const off = seen ? ahead(seen.clock, seen.at) : NaN;
	is(Math.abs(off) < CLOCK_LIMIT, "the picture's painted clock is the " +
		"requested second", `painted ${off} s ahead`);
	console.log(`# painted clock minus shown clock: ${off} s`);
	await shot("watch");
	await p.open("/watch/" + job.id);
	const start = Math.max(from, Date.parse(job.play.from));
	const first = await pictureAt(start / 1e3, 0.2);
	is(first && Math.abs(ahead(first.clock, first.at)) < 0.1,
		"the range begins with the picture of its first second",
		JSON.stringify(first));
	await watchAt(wish);
	await pictureAt(wish / 1e3);
	await steps();
	await seeks(from, to);
	await plays(from, to);
}

async function steps()
{
	const a = await stillPicture(p);

	await p.press(".");
	const b = await nextPicture(p, a);
	await p.press(",");
	const c = await nextPicture(p, b);
	is(b.frame - a.frame === 1, "one step on shows the very next frame",
		`${a.frame} ${b.frame}`);
	is(c.frame === a.frame, "one step back shows the frame before",
		`${b.frame} ${c.frame}`);
}

async function seeks(from, to)
{
	const times = [];
	let worst = 0;

	for (const share of [0.8, 0.2, 0.6, 0.1, 0.9]) {
		const at = round(from + (to - from) * share) + 500;
		const began = Date.now();
		await clickLine(at);
		const r = await pictureAt(at / 1e3, 1);
		times.push(Date.now() - began - 120);
		worst = Math.max(worst, r ? Math.abs(ahead(r.clock, r.at)) :
			99);
	}
	is(worst < CLOCK_LIMIT, "after each of five seeks the painted clock " +
		"fits the shown one", `${worst} s`);
	console.log(`# seek to picture, with polling: ${times} ms`);
}

// A click on the timeline where that instant lies.
async function clickLine(ms)
{
	const box = await p.eval(() => {
		const { x, y, width, height } = document.getElementById("line")
			.getBoundingClientRect();
		return { x, y, width, height };
	});
	const from = Date.parse(job.play.from), to = Date.parse(job.play.to);

	await p.page.mouse.click(box.x + box.width * (ms - from) /
		(to - from), box.y + box.height / 2);
}

async function plays(from, to)
{
	await clickLine(from + 1000);
	const a = await pictureAt(from / 1e3 + 1, 1);
	await p.press("k");
	await p.press("l");
	await sleep(4000);
	await p.press("k");
	const b = await standing();
	const moved = b ? b.at - a.at : 0;
	is(moved > 2 && moved < 6, "four seconds of playing move about four " +
		"seconds on", `${moved} s`);
	is(b && Math.abs(ahead(b.clock, b.at)) < CLOCK_LIMIT,
		"after playing the painted clock fits the shown one",
		b && ahead(b.clock, b.at));
	const asked = p.watch.urls.filter((u) => /media\/.*\/\d+$/.test(u));
	const granted = new Set(job.play.cameras.flatMap((c) => c.runs.flatMap(
		(r) => r.parts.flatMap((part) => part.fragments.map((f) =>
			`${base}/media/${job.id}/${c.camera}/${part.seq}/` +
			f.index)))));
	const outside = asked.filter((u) => !granted.has(u));
	console.log(`# fragments asked for: ${asked.length} of ${granted.size}`);
	is(asked.length > 9 && outside.length === 0,
		"no fragment outside the grant was asked for", outside[0]);
}

async function crossesTheGap(wanted)
{
	const gap = job.play.cameras[0].gaps.find((g) =>
		Date.parse(g.to) - Date.parse(g.from) > 1e3);

	if (!gap) {
		console.log(`ok - ${p.driver.name}: playing across a gap ` +
			"# SKIP no gap in the last ten minutes");
		return;
	}
	const start = Date.parse(gap.from), end = Date.parse(gap.to);
	await watchAt(start - 3000);
	await pictureAt(start / 1e3 - 3, 1);
	await p.press("l");
	await p.see("#continue", 60000);
	const card = await p.text(".gapcard");
	is(/no footage here/.test(card) && card.split("\n").length >= 4,
		"a gap is a card with bounds and cause", card);
	is(await p.eval(() => document.querySelector(".screen.main").classList
		.contains("empty")), "no picture stands in the gap");
	await shot("gap");
	await p.click("#continue");
	await pictureAt(end / 1e3, 1.2);
	await p.press("k");	// a busy page says late what it paints
	const far = await standing();
	is(far && far.at >= end / 1e3 - 0.05 &&
		Math.abs(ahead(far.clock, far.at)) < CLOCK_LIMIT,
	"the far side of the gap follows, with its own time",
	JSON.stringify(far));
	const size = await p.eval(() => {
		const v = document.querySelector(".screen.main video");
		return `${v.videoWidth}x${v.videoHeight}`;
	});
	is(!wanted || size === wanted,
		"C2: pictures of another size follow, and are shown", size);
	await shot("far-side");
}

async function downloads()
{
	await p.click("#files summary");
	is(!await p.eval(() => document.querySelector("a[download]")),
		"no file is offered to a session alone");
	await p.fill("#files [name=password]", auditor.password);
	await p.fill("#files [name=code]", await newCode(auditor));
	await p.click("#files button[type=submit]");
	const link = await p.until("a download link", () =>
		document.querySelector("a[download]")?.getAttribute("href"));
	const part = await p.fetch(link, { headers: { Range: "bytes=0-99" } });

	is(part.status === 206 && part.bytes === 100 &&
		/^bytes 0-99\/\d+$/.test(part.headers["content-range"]),
	"the download answers a range: 206", part.status);
	const size = Number(part.headers["content-range"]?.split("/")[1]);
	const whole = await p.fetch(link);
	is(whole.status === 200 && whole.bytes === size,
		"the whole download has the length that was said",
		`${whole.status} ${whole.bytes} ${size}`);
	const beyond = await p.fetch(link, { headers: { Range:
		`bytes=${size}-` } });
	is(beyond.status === 416, "a range beyond the end: 416",
		beyond.status);
}
