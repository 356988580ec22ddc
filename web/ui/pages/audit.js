// audit.js - the ledger in sentences. Entries store codes and data, so that
// the same entry reads in any language.
import * as api from "../api.js";
import { el, fill, say } from "../dom.js";
import { bytes, has, length, number, t } from "../i18n.js";
import * as time from "../time.js";
import { causeText } from "../timeline.js";

const PAGE = 100;
// What the box writes about its own work; hidden until asked for.
const routine = new Set(["chain-heads", "segment", "read-back", "day-key",
	"witnessed"]);

export default async function audit()
{
	const s = { first: null, people: false, list: el("div", {}) };

	await load(s, null);
	return { title: t("audit.title"), node: el("div", {},
		el("h1", {}, t("audit.title")),
		el("section", { class: "card" }, el("p", {}, t("audit.text")),
			s.state = el("p", { class: "num soft" }),
			el("div", { class: "row" }, filter(s), turner(s))),
		s.list, show(s)) };
}

async function load(s, first)
{
	if (first === null) {
		const { ledger } = await api.status();
		first = Math.max(0, ledger.size - PAGE);
	}
	s.page = await api.ledger(first, PAGE);
	s.first = first;
}

function filter(s)
{
	return el("label", { class: "tick" }, el("input", { type: "checkbox",
		on: { change: (e) => {
			s.all = e.target.checked;
			show(s);
		} } }), " " + t("audit.all"));
}

function turner(s)
{
	const to = async (first) => {
		try {
			await load(s, first);
			show(s);
			say(range(s));
		} catch (problem) {
			say(problem.sentence);
		}
	};

	s.older = el("button", { type: "button", on: { click: () =>
		to(Math.max(0, s.first - PAGE)) } }, t("audit.older"));
	s.newer = el("button", { type: "button", on: { click: () =>
		to(s.first + PAGE) } }, t("audit.newer"));
	return [s.older, s.newer, el("button", { type: "button",
		on: { click: () => to(null) } }, t("audit.latest"))];
}

const range = (s) => t("audit.range", { first: number(s.first),
	last: number(s.first + s.page.entries.length - 1),
	size: number(s.page.size) });

function show(s)
{
	const shown = s.page.entries.filter((e) =>
		s.all || !routine.has(e.type)).reverse();

	fill(s.state, range(s), " \u00b7 ", t("audit.root", {
		size: number(s.page.size), signed: number(s.page.checkpoint_size) }), " ",
	el("code", {}, String(s.page.root).slice(0, 16) + "\u2026"));
	s.older.disabled = s.first === 0;
	s.newer.disabled = s.first + PAGE >= s.page.size;
	fill(s.list, el("section", { class: "card tables", tabindex: 0,
		"aria-label": t("audit.title") },
	shown.length ? table(shown) : el("p", {}, t("audit.nothing"))));
}

const table = (entries) => el("table", {},
	el("thead", {}, el("tr", {}, ["number", "time", "what"].map((h) =>
		el("th", { scope: "col" }, t("column." + h))))),
	el("tbody", {}, entries.map((e) => el("tr", {},
		el("td", { class: "tight num" }, number(e.index)),
		el("td", { class: "tight num" },
			time.stamp(time.instant(e.time))),
		el("td", {}, sentence(e))))));

function rangeOf(f)
{
	const from = time.instant(f.from), to = time.instant(f.to);

	if (from && to)
		return time.span(from, to);
	return from ? time.stamp(from) : "\u2013";
}

const list = (v) => Array.isArray(v) ? v.join(", ") : v ?? "\u2013";

const word = (prefix, name) =>
	has(prefix + name) ? t(prefix + name) : name ?? "\u2013";

// How much footage was really given, from the pairs of a closed lease.
function served(f)
{
	const from = f["served-from"] ?? [], to = f["served-to"] ?? [];

	return length(from.reduce((sum, x, i) =>
		sum + time.instant(to[i]) - time.instant(x), 0));
}

function sentence(e)
{
	const f = e.fields ?? {};
	const key = "entry." + e.type + variant(e.type, f);
	const free = [f.case, f.reason].filter(Boolean).join(": ");

	return [t(has(key) ? key : "entry.other", { type: e.type,
		who: e.person_name ?? t("audit.box"), ...texts(f),
		whom: f.name ?? t("audit.person", { n: f.person ?? "\u2013" }),
	}), free && el("div", { class: "quote soft" }, free)];
}

// Some entries say two things.
function variant(type, f)
{
	if (type === "disk-alarm")
		return f.to ? ".over" : "";
	return { "decision refuse": ".refused",
		"lease-opened download": ".download",
		"lease-opened export": ".export", "read-back 2": ".failed",
		"camera-switched 0": ".off", "alarm-raised black": ".black",
		"alarm-raised covered": ".covered",
		"alarm-raised frozen": ".frozen",
		"alarm-raised defocused": ".defocused",
		"alarm-raised moved": ".moved",
		"keypad 2": ".masked", "keypad 3": ".visible",
	}[`${type} ${f.verdict ?? f["lease-kind"] ?? f.result ??
		f.enabled ?? f.alarm ?? f.keypad}`] ?? "";
}

const texts = (f) => ({
	camera: f.camera ?? "\u2013", cameras: list(f.cameras),
	days: f.days ?? "\u2013",
	request: f.request ?? "\u2013", range: rangeOf(f),
	cause: causeText(f.cause),
	seq: f.seq ?? "\u2013", day: f.day ?? "\u2013",
	bytes: f.bytes === undefined ? "\u2013" : bytes(Number(f.bytes)),
	role: word("role.", f.role), version: f.version ?? "\u2013",
	error: word("problem.", f.error), lease: f.lease ?? "\u2013",
	atm: f.atm ?? "\u2013", place: f.place ?? "\u2013",
	device: f.device || "\u2013", decision: f.decision ?? "\u2013",
	until: f.ends ? time.stamp(time.instant(f.ends)) : "\u2013",
	export: f.export ?? "\u2013", package: f.package ?? "\u2013",
	served: served(f), zone: f.zone ?? "\u2013",
	witness: f.witness ?? "\u2013",
	volume: f["volume-number"] ?? "\u2013",
	token: f.token ?? "\u2013", scope: f.scope ?? "\u2013",
	entries: number(Number(f["witness-size"] ?? 0)),
});
