// audit.js - the ledger in sentences. Entries store codes and data, so that
// the same entry reads in any language.
import * as api from "../api.js";
import { el, fill, say, tell } from "../dom.js";
import { bytes, has, length, number, t } from "../i18n.js";
import { aboutText, offsetText } from "../journal.js";
import * as time from "../time.js";
import { causeText } from "../timeline.js";
import { csv, filterForm, walk } from "./audit-filter.js";
import { verifier } from "./audit-verify.js";

export default async function audit(app)
{
	const q = new URLSearchParams(location.search);
	const s = { app, list: el("div", {}), state: el("p", { class: "soft num" }),
		filter: Object.fromEntries(["what", "word", "from", "to"].map(
			(k) => [k, q.get(k) ?? ""])) };

	s.status = await api.status();
	// of a damaged ledger one still learns here which entry it is
	await look(s).catch((problem) => fill(s.list, el("p",
		{ class: "card told bad" }, problem.sentence ?? String(problem))));
	return { title: t("audit.title"), node: el("div", {},
		el("h1", {}, t("audit.title")),
		el("section", { class: "card" }, el("p", {}, t("audit.text")),
			filterForm(s.filter, (filter) => {
				s.filter = filter;
				s.app.note("/audit?" + new URLSearchParams(
					Object.entries(filter).filter(
						([, v]) => v)));
				return look(s).then(() => say(range(s)),
					(p) => tell(p.sentence ?? String(p)));
			})),
		el("section", { class: "card" }, el("h2", {}, t("audit.chain")),
			s.walk && chain(s), verifier()), s.list) };
}

const spoken = (e) => [...el("p", {}, sentence(e)).childNodes].map((n) =>
	n.textContent).join(" ");

async function look(s)
{
	s.list.setAttribute("aria-busy", "true");
	try {
		s.walk = await walk(s.filter, spoken);
	} finally {
		s.list.removeAttribute("aria-busy");
	}
	show(s);
}

const range = (s) => t("audit.found", { n: s.walk.found.length,
	read: number(s.walk.last - s.walk.at),
	size: number(s.walk.page.size) });

// How the chain stands: what is signed, and who outside has vouched for it.
const chain = (s) => {
	const { witness } = s.status;
	const well = s.status.ledger.confirmed && !witness.alarm;

	return [el("p", {}, el("span", { class: "badge " + (well ? "good" :
		"bad") }, t(well ? "audit.chainWell" : "audit.chainIll")), " ",
	t("audit.root", { size: number(s.walk.page.size), signed:
		number(s.walk.page.checkpoint_size) }), " ",
	el("code", { class: "break" }, String(s.walk.page.root))),
	el("p", { class: "soft" }, witness.age_s === null ?
		t("genuine.noWitness") : t("genuine.witness",
			{ who: witness.by.join(", "), ago: t("time.ago",
				{ length: length(Math.max(0, witness.age_s) *
					1e3) }) }), " ", t("audit.verify"))];
};

function show(s)
{
	const { found, over } = s.walk;
	const more = el("button", { type: "button", hidden: over, on: {
		click: async () => {
			more.disabled = true;
			await s.walk.next().catch((p) => tell(p.sentence));
			show(s);
			say(range(s));
		} } }, t("audit.older"));
	const file = el("button", { type: "button", on: { click: () => {
		const a = el("a", { href: URL.createObjectURL(csv(found, spoken)),
			download: `saqta-audit-${time.rfc3339(s.app.now())
				.slice(0, 10)}.csv` });
		a.click();
		setTimeout(() => URL.revokeObjectURL(a.href), 60e3);
	} } }, t("audit.csv"));

	fill(s.list, el("section", { class: "card tables", tabindex: 0,
		"aria-label": t("audit.title") }, el("div", { class: "between" },
		el("p", { class: "soft num" }, range(s)),
		found.length > 0 && file),
	found.length ? table(found) : el("p", {}, t("audit.nothing")), more));
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
	const free = [f.case, f.reason, e.type !== "told" && f.note].filter(Boolean).join(": ");

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
	if (type === "hold-placed")
		return f.request ? "" : ".own";
	if (type === "clock-vouched")
		return f.witness ? ".witness" : "";
	if (type === "zones")
		return f.zones?.length ? "" : ".none";
	if (type === "told")
		return Number(f.over) ? ".over" : "";
	if (type === "journal-clock" && f["jump-ms"])
		return Number(f.samples) ? ".jump" : ".import";
	return { "decision refuse": ".refused",
		"lease-opened download": ".download",
		"lease-opened export": ".export", "read-back 2": ".failed",
		"camera-switched 0": ".off", "alarm-raised black": ".black",
		"alarm-raised covered": ".covered",
		"alarm-raised frozen": ".frozen",
		"alarm-raised defocused": ".defocused",
		"alarm-raised moved": ".moved",
		"deputy 0": ".not",
		"keypad 2": ".masked", "keypad 3": ".visible",
		"set-up 1": ".refused", "set-up 2": ".new", "set-up 3": ".used",
		"set-up 4": ".finished", "set-up 5": ".alone",
		"set-up 6": ".zone",
	}[`${type} ${f.verdict ?? f["lease-kind"] ?? f.result ??
		f.enabled ?? f.alarm ?? f.keypad ?? f.step ?? f.deputy}`] ?? "";
}

const room = (n) => n === undefined ? "\u2013" : bytes(Number(n));

const entryNo = (n) => n === undefined ? "\u2013" : number(Number(n));

const texts = (f) => ({
	camera: f.camera ?? "\u2013", cameras: list(f.cameras),
	n: f.zones?.length ?? 0,
	days: f.days ?? "\u2013",
	request: f.request ?? "\u2013", range: rangeOf(f),
	cause: causeText(f.cause),
	seq: f.seq ?? "\u2013", day: f.day ?? "\u2013",
	bytes: room(f.bytes),
	need: room(f["need-bytes"]), capacity: room(f["capacity-bytes"]),
	role: word("role.", f.role), version: f.version ?? "\u2013",
	error: word("problem.", f.error), lease: entryNo(f.lease),
	atm: f.atm ?? "\u2013", place: f.place ?? "\u2013",
	device: f.device || "\u2013", decision: entryNo(f.decision),
	at: f.at ? time.stamp(time.instant(f.at)) : "\u2013",
	until: f.ends ? time.stamp(time.instant(f.ends)) : "\u2013",
	export: f.export ?? "\u2013", package: f.package ?? "\u2013",
	served: served(f), zone: f.zone ?? "\u2013",
	witness: f.witness ?? "\u2013",
	volume: f["volume-number"] ?? "\u2013",
	note: f.note ?? "\u2013", incident: f.incident ?? "\u2013",
	token: f.token ?? "\u2013", scope: f.scope ?? "\u2013",
	entries: number(Number(f["witness-size"] ?? 0)),
	events: number(Number(f.events ?? 0)), step: f.step ?? "\u2013",
	to: f.to ? time.stamp(time.instant(f.to)) : "\u2013",
	offset: offsetText(Number(f["offset-ms"] ?? 0)),
	about: aboutText(Number(f["uncertainty-ms"] ?? 0)),
	jump: offsetText(Number(f["jump-ms"] ?? 0)),
	samples: f.samples ?? "\u2013",
	since: f.from ? time.stamp(time.instant(f.from)) : "\u2013",
});
