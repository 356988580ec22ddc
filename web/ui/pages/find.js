// find.js - a camera and a time: what was recorded, where gaps are and why.
// No pictures here: they need an approved request.
import * as api from "../api.js";
import { codecNotice } from "../codecs.js";
import { el, fill, say } from "../dom.js";
import { choice, field, form, Moment, textField, ticks } from "../fields.js";
import { box } from "../found.js";
import { gapCard } from "../gapcard.js";
import { inOrder as byAtm, length, number, sortBy, t } from "../i18n.js";
import { Strip } from "../strip.js";
import * as time from "../time.js";
import { causeText, legend } from "../timeline.js";

const HOUR = 3600e3;
const LONGEST = 400 * 24 * HOUR;	// what the appliance answers at most
const AROUND = 150e3;	// five minutes round the moment, to begin with

export default async function find(app)
{
	const cameras = byAtm(await api.cameras());
	const q = new URLSearchParams(location.search);
	const to = time.instant(q.get("to")) || app.now();
	const from = time.instant(q.get("from")) || to - HOUR;
	const s = { app, cameras, from, to, camera: q.get("camera") ?? "",
		asked: (q.get("cameras") ?? "").split(" ").filter(Boolean),
		at: (from + to) / 2,
		result: el("div", { "aria-live": "off" }) };

	const node = el("div", {}, el("h1", {}, t("find.title")),
		app.session.role !== "operator" && box(s),
		cameras.length ? searchForm(s) :
			el("p", { class: "card" }, t("find.noCameras")),
		s.result);
	if (cameras.length)
		await look(s);
	if (q.get("ask"))	// from a transaction: filled in already
		setTimeout(() => node.querySelector("#ask [name=reason]")?.focus());
	return { title: t("find.title"), node };
}

const cameraName = (c) => [c.name, c.atm, c.place].filter(Boolean)
	.join(", ") + ` (${c.id})` + (c.retired ? ", " + t("camera.retired",
	{ time: time.dateText(time.instant(c.retired)) }) : "");

const held = (list, at) => list?.find((x) => time.instant(x.from) <= at &&
	(x.to === null || at < time.instant(x.to)));

// Where the camera was at that time, where that is not where it is now.
function stood(s, id)
{
	const c = s.cameras.find((x) => x.id === id);
	const atm = held(c?.atms, s.from);
	const place = held(atm?.places, s.from);

	if (!atm || (!c.retired && atm.atm === c.atm &&
	    (!place || place.place === c.place)))
		return null;
	return el("small", { "data-stood": id }, t("find.stood", { where:
		[atm.atm, place?.place].filter(Boolean).join(", ") }));
}

function searchForm(s)
{
	s.choice = el("select", { name: "camera" },
		el("option", { value: "" }, t("find.all")),
		s.cameras.map((c) => el("option", { value: c.id,
			selected: c.id === s.camera }, cameraName(c))));
	s.fromField = new Moment(t("when.from"), s.from);
	s.toField = new Moment(t("when.to"), s.to);

	return el("section", { class: "card" }, form(async () => {
		const from = s.fromField.read(), to = s.toField.read();
		if (from === null || to === null)
			return;
		if (from >= to || to - from > LONGEST) {
			s.toField.fail(t(from >= to ? "when.order" :
				"when.tooLong"));
			return s.toField.focus();
		}
		Object.assign(s, { from, to, camera: s.choice.value, asked: [],
			at: (from + to) / 2 });
		await look(s);
		say(s.summary);
	}, el("div", { class: "row" },
		field(t("column.camera"), s.choice).node,
		s.fromField.node, s.toField.node,
		el("button", { class: "main", type: "submit" },
			t("act.show"))), el("p", { class: "hint" },
		t("find.hint", { zone: time.zone(),
			offset: time.offsetText(s.from) }))));
}

// Ask for the coverage and show it; the address then says the same.
async function look(s)
{
	const { from, to, camera } = s;
	const answer = await api.coverage(camera, time.rfc3339(from),
		time.rfc3339(to));

	s.app.note("/find?" + new URLSearchParams({ camera,
		from: time.rfc3339(from), to: time.rfc3339(to) }));
	s.rows = answer.cameras.map((c) => ({ ...c, spans: c.spans.map(
		(x) => ({ ...x, from: time.instant(x.from),
			to: time.instant(x.to) })) }));
	s.rows = inOrder(s, s.rows);
	show(s);
}

function show(s)
{
	s.summary = summary(s);
	s.when = el("strong", { class: "num" });
	s.strip = new Strip({ rows: s.rows.map((row) => ({ spans: row.spans,
		name: nameOf(s, row.camera), note: [el("small", {},
			" " + share(row)), stood(s, row.camera)] })),
	from: s.from, to: s.to, at: s.at, move: (at) => moveTo(s, at),
	ask: (from, to) => zoom(s, from, to) });
	s.inspected = null;
	s.inspector = el("div", { class: "cols two", id: "gap-here" });
	fill(s.result, el("section", { class: "card" },
		el("div", { class: "between" }, el("h2", {}, t("find.covered")),
			el("span", {}, t("find.moment") + " ", s.when)),
		el("p", {}, s.summary), s.strip.node,
		legend(s.rows.some((r) => r.spans.some((x) =>
			x.flags.length))), s.inspector,
		gapTable(s)), requestCard(s));
	moveTo(s, s.at);
}

const atmOf = (s, id) => s.cameras.find((c) => c.id === id)?.atm ?? "";

// With its ATM where there are several, for their cameras have like names.
function nameOf(s, id)
{
	const name = s.cameras.find((c) => c.id === id)?.name ?? id;
	const atm = atmOf(s, id);

	return atm && s.rows.some((r) => atmOf(s, r.camera) !== atm) ?
		`${name}, ${atm}` : name;
}

// The cameras of one ATM beside each other, by name.
const inOrder = (s, rows) => sortBy(rows, (r) =>
	`${atmOf(s, r.camera)} ${nameOf(s, r.camera)}`);

const share = (row) => t("find.share", { share: number(
	100 * row.recorded_ns / Math.max(1, row.recorded_ns + row.gap_ns),
	1) });

function summary(s)
{
	const gaps = s.rows.flatMap((r) =>
		r.spans.filter((x) => x.kind === "gap"));
	const sum = gaps.reduce((n, g) => n + g.to - g.from, 0);

	return gaps.length ? t("find.gaps", { n: gaps.length,
		length: length(sum) }) : t("find.complete");
}

function moveTo(s, at)
{
	s.at = at;
	s.strip.set(at);
	fill(s.when, time.stamp(at));
	inspect(s);
}

// Each gap that the moment lies in: why, since when known, who else has it.
function inspect(s)
{
	const here = s.rows.flatMap((row) => row.spans.filter((x) =>
		x.kind === "gap" && x.from <= s.at && s.at < x.to)
		.map((gap) => ({ gap, row })));
	const key = here.map(({ gap, row }) => row.camera + gap.from).join();

	if (key === s.inspected)
		return;
	s.inspected = key;
	fill(s.inspector, here.map(({ gap, row }) => gapCard(row.camera,
		nameOf(s, row.camera), gap, beside(s, row),
		(at) => moveTo(s, at))));
}

// The other cameras of the same ATM: only they may have seen the same.
const beside = (s, row) => s.rows.filter((r) => r !== row &&
	atmOf(s, r.camera) === atmOf(s, row.camera)).map((r) =>
	({ name: nameOf(s, r.camera), spans: r.spans }));

function zoom(s, from, to)
{
	Object.assign(s, { from, to, at: (from + to) / 2 });
	s.fromField.set(from);
	s.toField.set(to);
	return look(s).catch((p) => say(p.sentence));
}

function gapTable(s)
{
	const gaps = s.rows.flatMap((r) => r.spans.filter((x) =>
		x.kind === "gap").map((g) => ({ ...g, camera: r.camera })))
		.sort((a, b) => a.from - b.from);

	if (!gaps.length)
		return null;
	return el("details", { open: gaps.length < 9 },
		el("summary", {}, t("find.gapList", { n: gaps.length })),
		el("div", { class: "tables", tabindex: 0, role: "region",
			"aria-label": t("line.gap") },
		el("table", {}, el("thead", {}, el("tr", {},
			["camera", "range", "length", "cause"].map((h) =>
				el("th", { scope: "col" },
					t("column." + h))))),
		el("tbody", {}, gaps.slice(0, 200).map((g) => el("tr", {},
			el("td", { class: "tight" }, nameOf(s, g.camera)),
			el("td", { class: "num" }, time.span(g.from, g.to)),
			el("td", { class: "tight num" }, length(g.to - g.from),
				g.open && " " + t("gap.open")),
			el("td", {}, causeText(g.cause))))))));
}

// Why, from a closed list (storage/people.h).
const CODES = ["dispute", "cash", "fraud", "attack", "authority", "audit",
	"other"];
const DAYS_MOST = 7;	// an approval lasts no longer
const SHORT = 300e3;	// ms; more is asked for with a reason of its own

// What a transaction proposes is wider by what its clock may be off, and by
// what the operation itself took.
const UNSURE = 180e3;
const isLong = (s, from, to) => to - from > SHORT + (s.asked.length ? UNSURE :
	0);

// What is asked for: the range is bounded and the reason is on the record.
function requestCard(s)
{
	const whole = s.to - s.from <= 2 * AROUND || s.asked.length > 0;
	const now = s.app.now();
	const from = new Moment(t("when.from"),
		whole ? s.from : s.at - AROUND);
	const to = new Moment(t("when.to"),
		Math.min(whole ? s.to : s.at + AROUND, now));
	const cameras = ticks(t("column.cameras"), s.cameras.map((c) =>
		[c.id, cameraName(c)]), s.asked.length ? s.asked :
		s.camera ? [s.camera] :
		s.cameras.length === 1 ? [s.cameras[0].id] : []);
	const reason = field(t("request.reason"), el("textarea",
		{ maxlength: 500, name: "reason" }), t("ask.reasonHint"));
	const number = textField(t("column.case"),
		{ maxlength: 100, name: "case" }, t("ask.caseHint"));
	const code = choice(t("request.code"), "code", CODES.map((c) =>
		[c, t("code." + c)]));
	const until = choice(t("request.until"), "until",
		[7, 3, 1].map((n) => [n, t("until.days", { n })]));
	const right = el("input", { type: "checkbox", name: "export" });
	const longer = field(t("ask.longer"), el("textarea",
		{ maxlength: 500, name: "longer" }), t("ask.longerHint"));
	const f = { from, to, cameras, reason, case: number, right, code,
		until, longer };
	const more = () => { longer.node.hidden = !isLong(s, from.peek(),
		to.peek()); };
	const notice = el("div", {});
	const warn = async () => fill(notice, await codecNotice(
		s.cameras.filter((c) => cameras.values().includes(c.id))));
	const around = el("button", { type: "button", on: { click: () => {
		from.set(s.at - AROUND);
		to.set(Math.min(s.at + AROUND, s.app.now()));
		more();
		say(t("ask.aroundDone"));
	} } }, t("ask.around"));

	cameras.node.addEventListener("change", warn);
	for (const moment of [from, to])
		moment.node.addEventListener("input", more);
	warn();
	more();
	return el("section", { class: "card", id: "ask" },
		el("h2", {}, t("ask.title")), el("p", {}, t("ask.text")),
		form((verb, wrong) => ask(s, f, wrong), cameras.node, notice,
			el("div", { class: "row" }, from.node, to.node,
				around), longer.node,
			el("div", { class: "cols" }, code.node, number.node),
			el("div", { class: "cols" }, reason.node, until.node),
			el("p", {}, el("label", { class: "tick" }, right,
				t("ask.export"))),
			el("button", { class: "main", type: "submit" },
				t("act.ask"))));
}

async function ask(s, f, wrong)
{
	const from = f.from.read(), to = f.to.read();
	const reason = f.reason.control.value.trim();
	const number = f.case.control.value.trim();
	const cameras = f.cameras.values();
	const days = Number(f.until.control.value);

	f.reason.fail(reason ? "" : t("ask.reasonNeeded"));
	f.case.fail(number ? "" : t("ask.caseNeeded"));
	if (from === null || to === null)
		return;
	if (!cameras.length) {
		wrong.textContent = t("problem.noCamera");
		return f.cameras.focus();
	}
	if (from >= to)
		return f.to.fail(t("when.order")), f.to.focus();
	const longer = isLong(s, from, to) ? f.longer.control.value.trim() : "";
	f.longer.node.hidden = !isLong(s, from, to);
	f.longer.fail(longer || !isLong(s, from, to) ? "" : t("ask.longerNeeded"));
	if (isLong(s, from, to) && !longer)
		return f.longer.control.focus();
	if (!reason || !number)
		return (reason ? f.case : f.reason).control.focus();
	try {
		const { id } = await api.request({ cameras, reason,
			case: number, from: time.rfc3339(from),
			to: time.rfc3339(to),
			...(longer && { longer }),
			right: f.right.checked ? "export" : "view",
			reason_code: f.code.control.value,
			...(days < DAYS_MOST && { until:
				time.rfc3339(s.app.now() + days * 86400e3) }) });
		await s.app.go("/requests/" + id);
		say(t("ask.sent", { id }));
	} catch (problem) {
		const at = f[problem.field];
		(at?.control ?? at)?.focus();
		throw problem;
	}
}
