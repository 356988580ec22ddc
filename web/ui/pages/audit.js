// audit.js - the ledger in sentences. Entries store codes and data, so that
// the same entry reads in any language.
import * as api from "../api.js";
import { el, fill, say } from "../dom.js";
import { bytes, has, length, number, t } from "../i18n.js";
import * as time from "../time.js";
import { causeText } from "../timeline.js";

const PAGE = 100;
// What the box writes about its own work; hidden until asked for.
const routine = new Set(["chain-heads", "segment", "read-back", "day-key"]);

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
		size: number(s.page.checkpoint_size ?? s.page.size) }), " ",
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

// Numbers of the ledger's enumerations (storage/DESIGN.md).
const roles = { 1: "operator", 2: "auditor", 3: "custodian" };
const errors = { 15: "denied", 16: "wrong-password", 17: "signed-out",
	18: "self-approval", 19: "approval-required", 20: "grant-ended" };
const causes = ["none", "no-answer", "password", "network", "no-key-frame",
	"unsupported", "camera-error", "disk-full", "disk-error",
	"storage-away", "recorder-stopped", "recorder-failed", "machine-off",
	"switched-off", "not-yet", "stream-error", "connecting", "lost"];

function at(value)
{
	if (typeof value === "string" && value.includes("T"))
		return time.instant(value);
	return time.fromNs(typeof value === "string" ? value : value ?? NaN);
}

function rangeOf(f)
{
	const from = at(f.from), to = at(f.to);

	if (Number.isFinite(from) && Number.isFinite(to))
		return time.span(from, to);
	return Number.isFinite(from) ? time.stamp(from) : "\u2013";
}

function word(table, prefix, value)
{
	const name = typeof value === "string" && !/^\d+$/.test(value) ?
		value : table[value];
	const key = prefix + name;

	return has(key) ? t(key) : String(name ?? value ?? "\u2013");
}

const list = (v) => Array.isArray(v) ? v.join(", ") : v ?? "\u2013";

function served(f)
{
	const pairs = f.served ?? [];
	const sum = pairs.reduce((n, p) => n + at(p.to ?? p[1]) -
		at(p.from ?? p[0]), 0);

	return Number.isFinite(sum) ? length(sum) : "\u2013";
}

function sentence(e)
{
	const f = e.fields ?? {};
	const key = "entry." + e.type + variant(e.type, f);

	return t(has(key) ? key : "entry.other", { type: e.type,
		who: e.person_name ?? t("audit.box"), ...texts(f),
		whom: f.person_name ?? t("audit.person",
			{ n: f.person ?? "\u2013" }) });
}

// Some entries say two things.
function variant(type, f)
{
	if (type === "decision")
		return [2, "2", "refuse"].includes(f.verdict) ? ".refused" : "";
	if (type === "lease-opened")
		return [2, "2", "download"].includes(f["lease-kind"]) ?
			".download" : "";
	if (type === "read-back")
		return [2, "2", "failed"].includes(f.result) ? ".failed" : "";
	if (type === "camera-switched")
		return [0, "0", false].includes(f.enabled) ? ".off" : "";
	return "";
}

const texts = (f) => ({
	camera: f.camera ?? "\u2013", cameras: list(f.cameras),
	request: f.request ?? "\u2013", range: rangeOf(f),
	cause: typeof f.cause === "string" && !/^\d+$/.test(f.cause) ?
		causeText(f.cause) : causeText(causes[f.cause]),
	seq: f.seq ?? "\u2013", day: f.day ?? "\u2013",
	bytes: f.bytes === undefined ? "\u2013" : bytes(Number(f.bytes)),
	role: word(roles, "role.", f.role), version: f.version ?? "\u2013",
	error: word(errors, "problem.", f.error), lease: f.lease ?? "\u2013",
	served: served(f), zone: f.zone ?? "\u2013",
});
