// speed.mjs - how fast the pages are (tests/bench/pages_in_a_browser.py).
//
//   node speed.mjs BASEURL --accounts FILE.json --request REQ
//
// Prints a line for each figure and exits 1 where one misses its limit.
import { begin, sleep } from "./lib.mjs";

const VIEW_MS = 1000, VIEW_KB = 200, SEEK_MS = 300, SEEKS = 20;
const { opt, base, accounts, p } = await begin("speed", ["accounts", "request"]);
const { request } = opt;
let missed = 0;

function line(what, value, unit, limit)
{
	const well = value < limit;

	missed += well ? 0 : 1;
	console.log(`  ${what.padEnd(44)} ${value.toFixed(0).padStart(6)} ` +
		`${unit} (below ${limit})${well ? "" : "  MISSED"}`);
}

const footage = new Set();	// of a page that was left, too

// With an empty cache: until the page is complete, and all that was sent but
// footage.
async function firstView(link, address)
{
	let bytes = 0;
	const asked = (e) => /\/media\//.test(e.request.url) &&
		footage.add(e.requestId);
	const count = (e) => {
		bytes += footage.has(e.requestId) ? 0 : e.encodedDataLength;
	};

	link.on("Network.requestWillBeSent", asked);
	link.on("Network.loadingFinished", count);
	const begun = Date.now();
	await p.open(address);
	await p.until("the page", () => document.querySelector("main h1") &&
		!document.getElementById("main").hasAttribute("aria-busy") &&
		performance.now(), null, 60e3);
	const took = await p.eval(() => new Promise((done) =>
		requestAnimationFrame(() => requestAnimationFrame(() =>
			done(performance.now())))));
	await sleep(300);
	link.off("Network.requestWillBeSent", asked);
	link.off("Network.loadingFinished", count);
	const [slowest] = await p.eval(() => performance.getEntriesByType(
		"resource").map((e) => [e.duration, e.name])
		.sort((a, b) => b[0] - a[0]));
	return { took: Math.min(took, Date.now() - begun), bytes, slowest };
}

// From the click on the timeline to the picture of that instant.
async function seek(share)
{
	const box = await p.eval(() => {
		const { x, y, width, height } = document.getElementById("line")
			.getBoundingClientRect();
		return { x, y, width, height };
	});
	const told = p.eval(() => new Promise((done) => {
		const video = document.querySelector(".screen.main video");
		let clicked = 0, painted = 0, at = NaN;

		addEventListener("pointerdown", (e) => {
			clicked = e.timeStamp;
		}, { once: true, capture: true });
		const frame = (now, { mediaTime }) => {
			[painted, at] = [now, mediaTime];
			video.requestVideoFrameCallback(frame);
		};
		const look = () => {
			if (clicked && painted > clicked && !video.seeking &&
			    Math.abs(at - video.currentTime) < 0.05)
				done(painted - clicked);
			else
				requestAnimationFrame(look);
		};
		video.requestVideoFrameCallback(frame);
		look();
	}));
	await p.page.mouse.move(box.x + box.width * share, box.y +
		box.height / 2);
	await p.page.mouse.down();
	await p.page.mouse.up();
	return told;
}

try {
	await p.open("/");
	await p.signIn(accounts.auditor);
	const link = await p.page.context().newCDPSession(p.page);
	await link.send("Network.enable");
	await link.send("Network.setCacheDisabled", { cacheDisabled: true });
	await p.click(".langs [lang=ru]");	// the longest texts
	for (const address of ["/", "/find", "/requests", "/requests/" + request,
		"/watch/" + request, "/cases", "/exports", "/verify", "/audit",
		"/coverage", "/health", "/help", "/about", "/account"]) {
		const { took, bytes, slowest: [ms, name] } =
			await firstView(link, address);
		line(address, took, "ms", VIEW_MS);
		line(address, bytes / 1e3, "kB", VIEW_KB);
		console.log(`    slowest: ${ms.toFixed(0)} ms ` +
			name.slice(base.length));
	}
	await p.open("/watch/" + request);
	await p.see(".clock");
	await sleep(2000);
	const took = [];
	for (let i = 0; i < SEEKS; i++) {
		took.push(await seek(0.3 + 0.4 * ((i * 7) % SEEKS) / SEEKS));
		await sleep(1000);
	}
	took.sort((a, b) => a - b);
	console.log(`  jumps: ${took.map((t) => t.toFixed(0)).join(" ")}`);
	line("a jump in an hour, to the picture, 19 of 20", took.at(-2), "ms",
		SEEK_MS);
} finally {
	await p.close();
}
process.exit(missed ? 1 : 0);
