// pages.mjs - every page in every language: it fits, is translated, axe finds
// nothing; in the dark, at 400 % and with large letters, too; and the coverage
// page's numbers.
import { sleep } from "./lib.mjs";

let p, is, shot, job, iso, json, site;

export async function pages(x)
{
	({ p, is, shot, job, iso, json, site } = x);
	const where = ["/", `/find?camera=${job.camera}&from=` +
		`${encodeURIComponent(iso(job.from))}&to=` +
		encodeURIComponent(iso(job.to)), "/requests",
	"/requests/" + job.id, "/watch/" + job.id, "/cases", "/exports",
	"/verify", "/audit", "/coverage", "/health", "/help", "/about"];

	// axe judges the same tree in both browsers; one does all languages
	for (const lang of x.langs) {
		await arrive("/about");
		await p.click(`.langs [lang=${lang}]`);
		for (const address of where)
			await onePage(lang, address);
	}
	if (p.driver.scheme)
		await strained(where);
	await coverage();
}

// Each page in the dark, at 400 % (WCAG 1.4.10: 1366 pixels become 341), and
// with letters larger by 40 %.
async function strained(where)
{
	const { width, height } = p.page.viewportSize();
	const dark = [], narrow = [], large = [];

	for (const address of where) {
		await p.driver.scheme("dark");
		await arrive(address);
		dark.push(...(await p.violations(["color-contrast"]))
			.map((v) => `${address} ${v}`));
		await shot("dark-" + nameOf(address));
		await p.driver.scheme("light");
		await p.page.setViewportSize({ width: 341, height });
		await sleep(150);
		if (await p.sideways() > 0)
			narrow.push(`${address} ${await p.sideways()}`);
		await shot("narrow-" + nameOf(address));
		await p.page.setViewportSize({ width, height });
		await p.eval(() => {
			document.documentElement.style.fontSize = "21px";
		});
		await sleep(100);
		if (await p.sideways() > 0)
			large.push(`${address} ${await p.sideways()}`);
	}
	is(dark.length === 0, "in the dark every page has its contrast",
		dark.join(" | "));
	is(narrow.length === 0, "at 400 % no page scrolls sideways",
		narrow.join(" | "));
	is(large.length === 0, "with letters larger by 40 % none does",
		large.join(" | "));
}

// Six months as the page adds them up, and as the spans say.
async function coverage()
{
	await p.open("/coverage");
	await p.see("#coverage-table");
	const shown = await p.eval((id) => ({ ...document.querySelector(
		`#coverage-table tr[data-camera="${id}"]`).dataset }), job.camera);
	const to = Date.parse(site.now) + 1e3;
	const { cameras: [row] } = await json("/api/v1/coverage?" +
		new URLSearchParams({ camera: job.camera, from: iso(to - 190 *
			864e5), to: iso(Date.now()) }));
	const sum = (f) => row.spans.filter(f).reduce((n, s) =>
		n + Date.parse(s.to) - Date.parse(s.from), 0);
	const gap = (s) => s.kind === "gap" && s.cause !== "not-yet" &&
		s.cause !== "expired";

	is(Math.abs(sum((s) => s.kind === "recorded") - shown.recorded) < 10e3
		&& shown.recorded > 30e3,
	"the coverage page adds up what was recorded", shown.recorded);
	is(Math.abs(sum(gap) - shown.missing) < 10e3 &&
		(!job.gap || shown.missing >= job.gap.to - job.gap.from),
	"and what is missing", shown.missing);
	await p.press("Tab");
	await p.eval(() => document.querySelector("main [role=slider]").focus());
	const word = () => p.eval(() => document.activeElement
		.getAttribute("aria-valuetext"));
	const today = await word();
	await p.press("ArrowLeft");
	const before = await word();
	is(today !== before && /^\d\d\.\d\d\.\d{4}, /.test(before),
		"an arrow key goes to the day before", [today, before]);
	await p.press("ArrowRight");
	await p.press("Enter");
	await p.until("Find with that day", () =>
		location.pathname === "/find");
}

const nameOf = (address) => address === "/requests/" + job.id ? "request" :
	address.split("?")[0].split("/")[1] || "home";

async function arrive(address)
{
	await p.open(address);
	await p.until("the page", () => document.querySelector("main h1") &&
		!document.getElementById("main").hasAttribute("aria-busy"));
	await sleep(200);
}

async function onePage(lang, address)
{
	await arrive(address);
	const wide = await p.sideways();
	const raw = await p.eval(() => document.querySelector("main").innerText
		.match(/\b(?:column|state|cause|camera|entry|problem|when|unit|audit|export|watch|gap|part|help|cases)\.[a-z-]+\b/)?.[0] ?? "");
	await shot(`${lang}-${nameOf(address)}`);
	const found = await p.violations();
	is(wide <= 0 && raw === "" && found.length === 0, `${lang} ` +
		`${nameOf(address)}: fits 1366 pixels, all translated, no axe ` +
		"violation", [wide, raw, ...found].join(" | "));
}
