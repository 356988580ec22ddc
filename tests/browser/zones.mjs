// zones.mjs - zones of a picture, drawn by keys and by a pointer, and seen on
// Watch, in a thumbnail and in a snapshot.
//
//   node zones.mjs BASEURL --accounts FILE.json --request REQ
//       [--browser chromium|firefox] [--shots DIR]
import { begin, play } from "./lib.mjs";

const run = await begin("zones", ["accounts", "request"]);
const { opt, accounts, is, p, shot } = run;
const stored = async () => JSON.parse((await p.fetch("/api/v1/cameras"))
	.text).cameras[0].zones;

// Round the clock that the camera paints: nothing else has edges as hard.
const CLOCK = [[10, 20], [900, 20], [900, 200], [10, 200]].map(([x, y]) =>
	({ x, y }));

async function byKeys()
{
	await p.open("/cameras");
	await p.click("[data-zones=cam-1]");
	await p.see("#zones");
	is(/courtesy/.test(await p.text("#zones")) &&
		/camera's own mask protects/.test(await p.text("#zones")),
	"the page says that zones are a courtesy, and what protects");
	await p.page.focus("[name=zone-new]");
	await p.press("Enter");
	await p.until("the new zone has the focus", () =>
		document.activeElement.matches(".zonelist select"));
	await p.eval(() => document.querySelector(
		".zoneframe [data-corner='0']").focus());
	await p.press("ArrowLeft");
	await p.press("ArrowUp");
	const at = await p.eval(() => [...document.querySelectorAll(
		".zonelist input")].slice(0, 2).map((i) => i.value));
	is(at.join() === "395,395", "arrow keys move a corner, and its numbers "
		+ "follow", at);
	for (const [i, at] of CLOCK.entries())
		for (const axis of ["x", "y"])
			await p.fill(`.zonelist [data-corner='${i}']` +
				`[data-axis=${axis}]`, String(at[axis]));
	const shape = await p.eval(() => document.querySelector(
		".zoneframe polygon").getAttribute("points"));
	is(shape === CLOCK.map(({ x, y }) => `${x},${y}`).join(" "),
		"and the frame follows numbers", shape);
}

// A rectangle from 10 % 65 % to 50 % 95 % of the frame.
async function byPointer()
{
	const box = await p.eval(() => {
		const frame = document.querySelector(".zoneframe");
		frame.scrollIntoView({ block: "center" });
		const { left, top, width, height } = frame
			.getBoundingClientRect();
		return { left, top, width, height };
	});
	const to = (x, y, steps) => p.page.mouse.move(box.left + box.width * x,
		box.top + box.height * y, { steps });

	await to(0.1, 0.65, 1);
	await p.page.mouse.down();
	await to(0.5, 0.95, 5);
	await p.page.mouse.up();
	const corners = await p.eval(() => document.querySelectorAll(
		".zoneframe polygon")[1]?.getAttribute("points"));
	is(/^(99|100|101),(649|650|651) (499|500|501),/.test(corners),
		"a rectangle is drawn with the pointer", corners);
	await p.eval(() => {
		const kind = document.querySelectorAll(".zonelist select")[1];
		kind.value = "fill";
		kind.dispatchEvent(new Event("change"));
	});
	const wrong = await p.violations();
	is(wrong.length === 0, "no violation of WCAG 2.2 AA", wrong.join(" | "));
	is(await p.sideways() <= 0, "nothing is wider than the page");
	await shot("editor");
}

async function save()
{
	await p.click("[name=zone-save]");
	await p.until("it says so", () => /zones were saved/.test(
		document.getElementById("said").textContent));
	const zones = await stored();
	is(zones.length === 2 && zones[1].kind === "fill" &&
		JSON.stringify(zones[0].corners) === JSON.stringify(CLOCK),
	"what is saved is what was drawn",
	JSON.stringify(zones));
	await p.reads("2 zones covered");
}

// The colour of what is drawn at x, y (0..1) of a picture w to h.
const colour = (canvas, x, y) => p.eval(([s, a, b]) => {
	const c = document.querySelector(s);
	const pen = c.getContext("2d");

	return [...pen.getImageData(c.width * a, c.height * b, 1, 1).data];
}, [canvas, x, y]);

const isFill = (c) => c[0] === 60 && c[1] === 64 && c[2] === 67;

// The hardest edge between two pixels where the clock is painted, and the mean:
// of what one is shown there, and of the bare video in the same size.
const edges = (over) => p.eval((selector) => {
	const video = document.querySelector("video");
	const covered = document.querySelector(selector);
	const [w, h] = [covered.width, covered.height];
	const judge = (...layers) => {
		const canvas = document.createElement("canvas");
		[canvas.width, canvas.height] = [w, h];
		const pen = canvas.getContext("2d");
		for (const layer of layers)
			pen.drawImage(layer, 0, 0, w, h);
		const wide = Math.round(w * 0.7), high = Math.round(h * 0.08);
		const { data } = pen.getImageData(Math.round(w * 0.05),
			Math.round(h * 0.06), wide, high);
		let edge = 0, sum = 0;
		for (let i = 0; i < data.length; i += 4) {
			sum += data[i + 1];
			if (i / 4 % wide)
				edge = Math.max(edge, Math.abs(
					data[i + 1] - data[i - 3]));
		}
		return { edge, mean: sum / (wide * high) };
	};

	return { bare: judge(video), seen: judge(video, covered) };
}, over);

const isBlurred = ({ bare, seen }) => bare.edge > 60 &&
	seen.edge < bare.edge / 3;

async function onWatch()
{
	await p.open(`/watch/${opt.request}`);
	await p.until("a picture", () => document.querySelector("video")
		?.readyState >= 2);
	await p.until("the zones", () => {
		const v = document.querySelector("video");
		return document.querySelector("canvas.zones").width ===
			v.videoWidth;
	});
	const [fill, blur, free] = await Promise.all([[0.3, 0.8], [0.5, 0.1],
		[0.8, 0.3]].map((at) => colour("canvas.zones", ...at)));
	is(isFill(fill) && blur[3] === 255 && free[3] === 0,
		"zones are filled or blurred over the picture, the rest is free",
		[fill, blur, free].join(" | "));
	const clock = await edges("canvas.zones");
	is(isBlurred(clock) && Math.abs(clock.bare.mean - clock.seen.mean) < 50,
		"of what the camera paints into a blurred zone no " +
		"edge is left, and its brightness is",
	JSON.stringify(clock));
	const fits = await p.eval(() => {
		const [v, c] = [...document.querySelectorAll("video, canvas.zones")];
		const [a, b] = [v, c].map((n) => n.getBoundingClientRect());

		return a.left === b.left && a.top === b.top && a.width === b.width &&
			a.height === b.height && getComputedStyle(c).objectFit ===
			getComputedStyle(v).objectFit;
	});
	is(fits, "they lie where the picture lies");
	await p.reads("2 zones covered");
	is(true, "and the page says how many there are");
	await shot("watch");
	await p.page.hover("#line");
	await p.see(".thumb canvas");
	is(isFill(await colour(".thumb canvas", 0.3, 0.8)) &&
		!isFill(await colour(".thumb canvas", 0.7, 0.8)),
	"a thumbnail has them, too");
	const small = await edges(".thumb canvas");
	is(isBlurred(small) && !isFill(await colour(".thumb canvas", 0.5, 0.1)),
		"blurred as well", JSON.stringify(small));
}

async function inASnapshot()
{
	await p.eval(() => {
		const make = URL.createObjectURL;

		URL.createObjectURL = (blob) => {
			if (blob.type === "image/png")
				window.taken = blob;
			return make.call(URL, blob);
		};
	});
	await p.click("#snapshot");
	await p.until("the snapshot", () => Boolean(window.taken));
	await p.eval(async () => {
		const image = await createImageBitmap(window.taken);
		const canvas = document.createElement("canvas");

		canvas.id = "taken";
		[canvas.width, canvas.height] = [image.width,
			document.querySelector("video").videoHeight];
		canvas.getContext("2d").drawImage(image, 0, 0);
		document.body.append(canvas);
	});
	is(isFill(await colour("#taken", 0.3, 0.8)) &&
		!isFill(await colour("#taken", 0.7, 0.8)), "a snapshot has them");
	const kept = await edges("#taken");
	is(isBlurred(kept) && Math.abs(kept.bare.mean - kept.seen.mean) < 50,
		"a snapshot is blurred there", JSON.stringify(kept));
	is(/2 zone\(s\) covered/.test(await p.eval(async () =>
		new TextDecoder("latin1").decode(await window.taken
			.arrayBuffer()))), "and says so in the file");
}

await play(run, async () => {
	await p.open("/");
	await p.signIn(accounts.operator);
	await p.click(".langs [lang=en]");
	await byKeys();
	await byPointer();
	await save();
	await p.signOut();
	await p.signIn(accounts.auditor);
	await onWatch();
	await inASnapshot();
	await p.open("/audit?what=cameras");
	await p.reads("set what views of camera cam-1 cover: 2 zones");
	is(true, "and the ledger tells it in a sentence");
});
