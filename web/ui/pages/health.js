// health.js - cameras, disk, clock and record keeping, in plain words.
import * as api from "../api.js";
import { badge, el, fill } from "../dom.js";
import { bytes, inOrder, length, number, t } from "../i18n.js";
import * as time from "../time.js";
import { causeText } from "../timeline.js";

const EVERY = 10e3;

export default async function health(app)
{
	const node = el("div", {});
	const renew = async (quiet) => {
		const [status, cameras] = await Promise.all([api.status(),
			api.cameras(quiet)]);
		fill(node, page(app, status, cameras));
	};

	await renew(false);
	return { title: t("health.title"), node,
		leave: app.every(EVERY, () => renew(true)) };
}

const fact = (key, ...value) => [el("dt", {}, t(key)),
	el("dd", { class: "num" }, value)];

const page = (app, s, cameras) => [
	el("h1", {}, t("health.title")),
	el("section", { class: "card" }, el("h2", {}, t("health.cameras")),
		cameraTable(cameras, app.now())),
	el("div", { class: "cols two" },
		el("section", { class: "card" },
			el("h2", {}, t("health.disk")), disk(s.storage),
			forecast(s.forecast), diskAlarms(s.storage),
			s.storage.lost > 0 && el("p", { class: "told bad" },
				t("storage.lost", { n: number(s.storage.lost) })),
			s.storage.keys_waiting > 0 && el("p", { class: "told" },
				t("storage.keysWaiting",
					{ n: number(s.storage.keys_waiting) }))),
		el("section", { class: "card" },
			el("h2", {}, t("health.retention")),
			retention(s.retention)),
		el("section", { class: "card" },
			el("h2", {}, t("health.clock")), clock(app, s)),
		el("section", { class: "card" },
			el("h2", {}, t("health.record")), record(s)),
		s.host && el("section", { class: "card" },
			el("h2", {}, t("health.machine")), machine(s.host))),
];

const disk = (d) => [
	el("dl", { class: "facts" },
		fact("health.state", badge(d.state === "ok",
			t("storage." + d.state))),
		fact("health.free", t("health.freeOf", {
			free: bytes(d.free_bytes),
			total: bytes(d.total_bytes) })),
		fact("health.reserve", bytes(d.reserve_bytes))),
	(d.volumes || []).length > 1 && volumeTable(d.volumes)];

// Disks that reported errors, for a day after the last one.
export const diskAlarms = (d) => d.faults.map((f) => el("p",
	{ class: "told bad", role: "alert" }, t("storage.fault", {
		volume: number(f.volume), n: number(f.errors),
		since: time.stamp(time.instant(f.since)),
		last: time.stamp(time.instant(f.last)) })));

// Clock source, arrays and disks, as root's timer found them.
const machine = (h) => [
	el("dl", { class: "facts" },
		h.clock.source && fact("host.source",
			h.clock.source === "none" ? t("host.none") :
				h.clock.source),
		fact("host.looked", time.stamp(time.instant(h.taken)))),
	h.age_s > 900 && el("p", { class: "told bad" }, t("host.silent")),
	h.arrays.map((a) => el("p", {}, badge(!a.missing && a.active,
		t(a.missing || !a.active ? "host.arrayLacks" : "host.array",
			{ name: a.name, n: number(a.missing) })))),
	h.disks.map((d) => el("p", {}, badge(d.healthy && !d.pending,
		t(d.healthy && !d.pending ? "host.disk" : "host.diskBad",
			{ name: d.name, model: d.model }))))];

const rate = (mbit) => number(mbit, mbit < 0.1 ? 3 : mbit < 1 ? 2 : 1);

// What the disks hold, in one sentence; red below 30 days.
const forecast = (f) => {
	if (!f || !f.cameras)
		return null;
	const facts = { cameras: number(f.cameras),
		rate: rate(f.rate_bps / f.cameras / 1e6),
		need: bytes(f.need_bytes), capacity: bytes(f.capacity_bytes) };
	const text = f.full_on ?
		t("forecast.full", { ...facts, days: number(f.days_left),
			day: time.dateText(time.instant(f.full_on)) }) :
		t("forecast.holds", facts);
	return [el("p", { class: f.full_on && f.days_left <= 30 ?
		"told bad" : "" }, text),
	f.held_bytes > 0 && el("p", {}, t("forecast.held",
		{ held: bytes(f.held_bytes) }))];
};

const retention = (r) => [
	el("dl", { class: "facts" },
		fact("retention.due", number(r.due)),
		fact("retention.held", number(r.held)),
		fact("retention.swept", r.swept ?
			time.stamp(time.instant(r.swept)) : "\u2013")),
	retentionAlarms(r).map((text) => el("p", { class: "told bad" },
		text))];

// What keeps from erasing what is due, or makes too much of it due.
export const retentionAlarms = (r) => [
	r.alarm === "clock" && t("retention.clock"),
	r.throttled_days > 0 && t("retention.throttled",
		{ n: number(r.throttled_days) }),
	r.overdue > 0 && t("retention.overdue", { n: number(r.overdue) }),
].filter(Boolean);

const volumeTable = (all) => el("table", { class: "wide" },
	el("thead", {}, el("tr", {},
		["number", "path", "state", "free", "size"].map((key) =>
			el("th", { scope: "col" }, t("volume." + key))))),
	el("tbody", {}, all.map((v) => el("tr", {},
		el("td", { class: "num" }, number(v.number)),
		el("td", {}, v.path),
		el("td", {}, badge(v.state === "ok", t("volume." + v.state))),
		el("td", { class: "num" },
			v.state === "away" ? "-" : bytes(v.free_bytes)),
		el("td", { class: "num" },
			v.state === "away" ? "-" : bytes(v.total_bytes))))));

const clock = (app, s) => [el("dl", { class: "facts" },
	fact("health.now", time.stamp(time.instant(s.now))),
	fact("health.state", badge(s.clock.state === "synchronised",
		t("clock." + s.clock.state))),
	fact("health.yourClock", t("health.apart",
		{ length: length(Math.abs(app.skew)) }))),
s.clock.state === "free" && el("p", { class: "told" }, t("clock.mend"))];

// Who vouches for the ledger beside the box, and since when not.
const witnessed = (w) => w.age_s === null ? el("span", { class:
	"badge" + (w.witnesses ? " bad" : "") }, t("health.byNobody")) : [t("time.ago", { length:
	length(Math.max(0, w.age_s) * 1e3) }), ": ", w.by.join(", ")];

const record = (s) => el("dl", { class: "facts" },
	fact("health.witnessed", witnessed(s.witness)),
	s.witness.alarm && fact("health.refusedBy", badge(false,
		s.witness.alarm.who)),
	s.witness.log_alarm && fact("health.refusedHere", badge(false,
		s.witness.log_alarm.who)),
	!s.ledger.confirmed && fact("health.epoch", badge(false,
		t("health.unconfirmed", { n: s.ledger.epoch }))),
	fact("health.entries", number(s.ledger.size)),
	fact("health.checkpoint", number(s.ledger.checkpoint)),
	fact("health.root", el("code", {}, s.ledger.root.slice(0, 12) +
		"\u2026")),
	fact("health.version", s.version));

const ago = (text, now) => {
	const at = time.instant(text);

	return at ? t("time.ago", { length: length(Math.max(0, now - at)) }) :
		"\u2013";
};

export function cameraTable(cameras, now)
{
	if (!cameras.length)
		return el("p", {}, t("health.noCameras"));
	return el("div", { class: "tables", tabindex: 0, role: "region",
		"aria-label": t("health.cameras") }, el("table", {},
		el("thead", {}, el("tr", {}, ["camera", "atm", "state",
			"proved", "since", "offset"].map((h) => el("th",
			{ scope: "col" }, t("column." + h))))),
		el("tbody", {}, inOrder(cameras)
			.map((c) => cameraRow(c, now)))));
}

const cameraRow = (c, now) => el("tr", {},
	el("td", {}, c.name, el("br"), el("small", { class: "id" }, c.id)),
	el("td", {}, [c.atm, c.place].filter(Boolean).join(", ")),
	el("td", {}, badge(c.state === "recording", t("camera." + c.state)),
		c.cause !== "none" && c.state !== "recording" &&
			el("div", {}, causeText(c.cause)),
		(c.alarms ?? []).map((a) => el("div", { role: "alert" },
			badge(false, t("alarm." + a.kind)))),
		c.detail && el("div", { class: "soft" }, c.detail)),
	el("td", { class: "num tight" }, ago(c.last_proved, now)),
	el("td", { class: "num" }, c.recorded_from ?
		time.stamp(time.instant(c.recorded_from)) : "\u2013"),
	el("td", { class: "num tight" }, offset(c.clock_offset_ms)));

// How far a camera's own clock is off; null where it does not say.
export const offset = (ms) => ms === null ? t("probe.offsetUnknown") :
	Math.abs(ms) < 10 ? t("probe.offsetNone") :
	t(ms < 0 ? "probe.offsetBehind" : "probe.offsetAhead",
		{ length: length(Math.abs(ms)) });
