// coverage.js - six months at a glance: is each day there, and if not, why?
// Every number is a sum of the spans that Find shows.
import * as api from "../api.js";
import { el, fill, say } from "../dom.js";
import { inOrder, length, number, t } from "../i18n.js";
import * as time from "../time.js";
import { causeText, key, Timeline } from "../timeline.js";

const DAY = 864e5;
const MONTHS = [1, 3, 6];
const UNITS = [DAY, 7 * DAY, 30 * DAY];	// what arrow keys go

export default async function coverage(app)
{
	const [cameras, holds] = await Promise.all([api.cameras(),
		api.holds()]);
	const wanted = Number(new URLSearchParams(location.search)
		.get("months"));
	const s = { app, cameras, holds,
		months: MONTHS.includes(wanted) ? wanted : 6,
		result: el("div", {}) };

	await look(s);
	return { title: t("coverage.title"), node: el("div", {},
		el("div", { class: "between" }, el("h1", {},
			t("coverage.title")), choices(s)),
		cameras.length ? s.result :
			el("p", { class: "card" }, t("find.noCameras"))) };
}

function choices(s)
{
	const buttons = MONTHS.map((n) => el("button", { type: "button",
		"aria-pressed": String(n === s.months), "data-months": n,
		on: { click: () => choose(n) } }, t("coverage.months", { n })));
	const choose = async (n) => {
		s.months = n;
		buttons.forEach((b, i) => b.setAttribute("aria-pressed",
			String(MONTHS[i] === n)));
		s.app.note("/coverage?months=" + n);
		await look(s);
		say(s.summary);
	};

	return el("div", { class: "controls" }, el("div",
		{ role: "group", "aria-label": t("find.zoom"), class: "row" },
		buttons), el("button", { type: "button",
		on: { click: () => print() } }, t("coverage.print")));
}

// The first instant of that local day; some have no midnight.
function dayBegins(date)
{
	for (let hour = 0; hour < 4; hour++) {
		const [at] = time.instantsOf(date, { hour, minute: 0,
			second: 0 });
		if (at !== undefined)
			return at;
	}
	return NaN;
}

// The local days back to the same date so many months ago, the last till now.
function daysOf(now, months)
{
	const p = time.parts(now);
	const day = (n) => {
		const d = new Date(Date.UTC(p.year, p.month - 1, p.day + n));
		return { year: d.getUTCFullYear(), month: d.getUTCMonth() + 1,
			day: d.getUTCDate() };
	};
	const last = new Date(Date.UTC(p.year, p.month - months, 0));
	const first = Date.UTC(p.year, p.month - 1 - months,
		Math.min(p.day, last.getUTCDate()));
	const n = Math.round((Date.UTC(p.year, p.month - 1, p.day) - first) /
		DAY);
	const days = [];

	for (let i = -n; i <= 0; i++)
		days.push({ from: dayBegins(day(i)),
			to: i ? dayBegins(day(i + 1)) : now });
	return days;
}

const nothing = () => ({ recorded: 0, missing: 0, erased: 0, outside: 0,
	gaps: 0, longest: 0, causes: new Map(), flags: new Set() });

function add(sum, span, from, to)
{
	const n = to - from;

	for (const f of span.flags ?? [])
		sum.flags.add(f);
	if (span.kind === "recorded") {
		sum.recorded += n;
	} else if (span.cause === "expired") {
		sum.erased += n;
	} else if (span.cause === "not-yet") {
		sum.outside += n;
	} else {
		const c = sum.causes.get(span.cause) ?? { n: 0, length: 0 };
		sum.missing += n;
		sum.gaps++;
		sum.longest = Math.max(sum.longest, n);
		sum.causes.set(span.cause, { n: c.n + 1,
			length: c.length + n });
	}
}

// What each day of a camera came to, and all of them.
function sums(spans, days)
{
	const all = nothing();
	const each = days.map((d) => ({ ...d, ...nothing() }));
	let i = 0;

	for (const s of spans) {
		add(all, s, s.from, s.to);
		i = Math.min(i, each.length - 1);
		while (i > 0 && each[i].from > s.from)
			i--;
		for (; i < each.length; i++) {
			const from = Math.max(s.from, each[i].from);
			const to = Math.min(s.to, each[i].to);
			if (from < to)
				add(each[i], s, from, to);
			if (s.to <= each[i].to)
				break;
		}
	}
	return { all, each };
}

// Rounded down: what is not complete is never 100 %.
const percent = (x) => x.recorded + x.missing ? number(Math.floor(
	1e4 * x.recorded / (x.recorded + x.missing)) / 100, 2) : "";
const share = (x) => percent(x) && percent(x) + " %";

const kindOf = (d) => d.missing ? "gap" : d.recorded ? "recorded" :
	d.erased ? "erased" : "outside";

const wordOf = (d) => [percent(d) && t("find.share",
	{ share: percent(d) }), d.missing && `${t("find.gapList",
	{ n: d.gaps })}, ${length(d.missing)}`, d.erased &&
	t("coverage.erased"), !d.recorded && !d.missing && !d.erased &&
	t("coverage.outside"), d.held && t("coverage.held")]
	.filter(Boolean).join("; ");

const heldBy = (s, camera, d) => s.holds.filter((h) =>
	h.cameras.includes(camera) && time.instant(h.from) < d.to &&
	(h.to === null || time.instant(h.to) > d.from));

async function load(s)
{
	s.days = daysOf(s.app.now(), s.months);
	const answer = await api.coverage("", time.rfc3339(s.days[0].from),
		time.rfc3339(s.days.at(-1).to));

	const cameras = inOrder(s.cameras);
	const place = (c) => cameras.findIndex((x) => x.id === c.camera);

	s.rows = [...answer.cameras].sort((a, b) => place(a) - place(b)).map((c) => {
		const { all, each } = sums(c.spans.map((x) => ({ ...x,
			from: time.instant(x.from), to: time.instant(x.to) })),
		s.days);
		for (const d of each)
			d.held = heldBy(s, c.camera, d).length > 0;
		return { camera: s.cameras.find((x) => x.id === c.camera) ??
			{ id: c.camera, name: c.camera }, all, each };
	});
}

async function look(s)
{
	await load(s);
	show(s);
}

// Six months of each ATM, for the first page.
export async function glance(app, cameras)
{
	const s = { app, cameras, holds: await api.holds(), months: 6,
		detail: el("div", { class: "glance", "aria-live": "polite" }) };

	await load(s);
	return el("section", { class: "card" }, el("div", { class: "between" },
		el("h2", {}, t("home.months")), el("a", { href: "/coverage" },
			t("nav.coverage"))), el("p", {}, summary(s), " ",
		reach(s)), legend(), byAtm(s).map(([atm, rows]) => [
		el("h3", { class: "atm" }, atm),
		rows.map((r) => strip(s, r))]), s.detail);
}

function show(s)
{
	s.detail = el("section", { class: "card", id: "day" });
	s.summary = summary(s);
	fill(s.result, el("p", { class: "told" }, s.summary, " ", reach(s)),
		el("section", { class: "card" }, el("h2", {},
			t("coverage.days")), legend(), byAtm(s).map(
			([atm, rows]) => [el("h3", { class: "atm" }, atm),
				rows.map((r) => strip(s, r))]),
		el("p", { class: "hint" }, t("coverage.keys"))), s.detail,
		table(s), causes(s));
	if (s.rows.length)
		choose(s, s.rows[0], s.days.at(-1).from);
}

const whole = (s) => s.rows.reduce((sum, { all }) => ({
	recorded: sum.recorded + all.recorded,
	missing: sum.missing + all.missing, gaps: sum.gaps + all.gaps }),
{ recorded: 0, missing: 0, gaps: 0 });

function summary(s)
{
	const all = whole(s);

	if (!all.recorded && !all.missing)
		return t("coverage.nothing");
	return all.gaps ? t("coverage.summary", { share: share(all),
		n: all.gaps, length: length(all.missing) }) :
		t("find.complete");
}

// How far back six months reach, and how far the footage does.
function reach(s)
{
	const [first] = daysOf(s.app.now(), 6);
	const oldest = s.cameras.map((c) => time.instant(c.recorded_from))
		.filter((at) => at).sort((a, b) => a - b)[0];

	return oldest ? t("coverage.reach", { term: time.dateText(first.from),
		oldest: time.dateText(oldest) }) : "";
}

function byAtm(s)
{
	const atms = new Map();

	for (const r of s.rows) {
		const atm = [r.camera.atm, r.camera.place].filter(Boolean)
			.join(", ");
		atms.set(atm, [...(atms.get(atm) ?? []), r]);
	}
	return [...atms];
}

function strip(s, row)
{
	const spans = row.each.map((d) => ({ ...d,
		kind: kindOf(d) + (d.held ? " held" : ""),
		get title() { return `${time.dateText(d.from)}: ${wordOf(d)}`; },
		get word() { return wordOf(d); },
		part: d.missing && Math.max(0.3, d.missing /
			(d.missing + d.recorded)) }));
	const line = new Timeline({ label: nameOf(row), spans,
		from: s.days[0].from, to: s.days.at(-1).to,
		at: s.days.at(-1).from, units: UNITS, days: true,
		move: (at) => choose(s, row, at), enter: () =>
			s.detail.querySelector("a")?.click() });

	return el("div", { class: "cam" }, el("h4", {}, row.camera.name, " ",
		el("small", {}, share(row.all))), line.node);
}

const legend = () => key(["recorded", t("line.recorded")],
	["gap", t("coverage.someGap")], ["erased", t("coverage.erased")],
	["outside", t("coverage.outside")], ["held", t("coverage.held")]);

// Cameras of several ATMs have like names.
const nameOf = ({ camera }) => [camera.name, camera.atm].filter(Boolean)
	.join(", ");

function choose(s, row, at)
{
	const d = row.each.find((x) => x.from <= at && at < x.to) ??
		row.each.at(-1);
	const fact = (name, ...value) => [el("dt", {}, name),
		el("dd", {}, ...value)];
	const holds = heldBy(s, row.camera.id, d);

	fill(s.detail, el("div", { class: "between" },
		el("h2", {}, `${nameOf(row)}, ${time.dateText(d.from)}`),
		el("a", { class: "button", href: "/find?" +
			new URLSearchParams({ camera: row.camera.id,
				from: time.rfc3339(d.from),
				to: time.rfc3339(d.to) }) },
		t("coverage.find"))),
	el("dl", { class: "facts" },
		fact(t("line.recorded"), t("coverage.of", {
			part: length(d.recorded), whole: length(d.to - d.from) }),
		share(d) && ` (${share(d)})`),
		d.missing > 0 && fact(t("line.gap"), [...d.causes].map(
			([cause, c]) => el("div", {}, `${length(c.length)}: ` +
				causeText(cause)))),
		d.erased > 0 && fact(t("coverage.erased"), length(d.erased)),
		d.outside > 0 && fact(t("coverage.outside"),
			length(d.outside)),
		d.flags.size > 0 && fact(t("coverage.flags"), [...d.flags]
			.map((f) => t("flag." + f)).join(", ")),
		holds.length > 0 && fact(t("coverage.held"), holds.map((h) =>
			el("div", {}, [h.request ?? h.case, h.owner]
				.filter(Boolean).join(", "))))));
}

const head = (names) => el("thead", {}, el("tr", {}, names.map((n) =>
	el("th", { scope: "col" }, t(n)))));

const scrolled = (title, node) => el("section", { class: "card" },
	el("h2", {}, title), el("div", { class: "tables", tabindex: 0,
		role: "region", "aria-label": title }, node));

const table = (s) => scrolled(t("health.cameras"), el("table",
	{ id: "coverage-table" }, head(["column.camera", "column.atm",
		"column.since", "line.recorded", "line.gap",
		"coverage.longest"]),
	el("tbody", {}, s.rows.map(({ camera, all }) => el("tr",
		{ "data-camera": camera.id, "data-recorded": all.recorded,
			"data-missing": all.missing },
		el("td", {}, camera.name),
		el("td", {}, [camera.atm, camera.place].filter(Boolean)
			.join(", ")),
		el("td", { class: "num" }, camera.recorded_from ? time.dateText(
			time.instant(camera.recorded_from)) : ""),
		el("td", { class: "num" }, share(all)),
		el("td", { class: "num" }, all.gaps ? `${t("find.gapList",
			{ n: all.gaps })}, ${length(all.missing)}` : ""),
		el("td", { class: "num" }, all.longest ?
			length(all.longest) : ""))))));

function causes(s)
{
	const all = new Map();

	for (const { all: { causes: mine } } of s.rows)
		for (const [cause, c] of mine) {
			const sum = all.get(cause) ?? { n: 0, length: 0 };
			all.set(cause, { n: sum.n + c.n,
				length: sum.length + c.length });
		}
	return all.size > 0 && scrolled(t("coverage.byCause"), el("table", {},
		head(["column.cause", "coverage.count", "column.length"]),
		el("tbody", {}, [...all].sort(([, a], [, b]) =>
			b.length - a.length).map(([cause, c]) => el("tr", {},
			el("td", {}, causeText(cause)),
			el("td", { class: "num" }, number(c.n)),
			el("td", { class: "num" }, length(c.length)))))));
}
