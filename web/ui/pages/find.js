// find.js - a camera and a time: what was recorded, where gaps are and why.
// No pictures here: they need an approved request.
import * as api from "../api.js";
import { cameraName, draftOf, requestCard } from "../askform.js";
import { el, fill, say, tell } from "../dom.js";
import { field, form, Moment } from "../fields.js";
import { box } from "../found.js";
import { gapCard } from "../gapcard.js";
import { inOrder as byAtm, length, number, sortBy, t } from "../i18n.js";
import { Strip } from "../strip.js";
import * as time from "../time.js";
import { causeText, legend } from "../timeline.js";

const HOUR = 3600e3;
const LONGEST = 400 * 24 * HOUR;	// what the appliance answers at most

export default async function find(app)
{
	const cameras = byAtm(await api.cameras());
	const q = new URLSearchParams(location.search);
	const draft = await draftOf(q.get("draft"));
	const { from, to } = range(app, draft ?? { from: q.get("from"),
		to: q.get("to") });
	const s = { app, cameras, from, to, camera: q.get("camera") ?? "",
		draft, asked: (q.get("cameras") ?? "").split(" ").filter(Boolean),
		at: (from + to) / 2, words: q.get("q") ?? "",
		note: () => note(s), ask: (r) => askFor(s, r),
		result: el("div", { "aria-live": "off" }) };

	const node = el("div", {}, el("h1", {}, t("find.title")),
		q.get("draft") && !draft && el("p", { class: "card told bad" },
			t("draft.gone")),
		app.session.role !== "operator" && box(s),
		cameras.length ? searchForm(s) :
			el("p", { class: "card" }, t("find.noCameras")),
		s.result);
	if (cameras.length)
		await look(s);
	if (draft)	// filled in already
		setTimeout(() => reasonOf(node)?.focus());
	return { title: t("find.title"), node };
}

// A draft may say half of it, or what cannot be: then the last hour is shown.
function range(app, said)
{
	const to = time.instant(said.to) || app.now();
	const from = time.instant(said.from) || to - HOUR;

	return from < to && to - from <= LONGEST && from < app.now() ?
		{ from, to } : { from: app.now() - HOUR, to: app.now() };
}

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

const reasonOf = (node) => node.querySelector("#ask [name=reason]");

// The footage of a transaction: the request is filled in with the cameras of
// that ATM, two minutes before to three after by the video's clock, and as much
// more as is not known of the journal's. What was found stays where it is.
async function askFor(s, r)
{
	const from = time.instant(r.from), to = time.instant(r.to);

	Object.assign(s, { from, to, at: (from + to) / 2, camera: "",
		asked: r.cameras, draft: null });
	s.choice.value = "";
	s.fromField.set(from);
	s.toField.set(to);
	await look(s);
	reasonOf(s.result).focus();
}

// The address says what is shown.
const note = (s) => s.app.note("/find?" + new URLSearchParams({
	...s.words && { q: s.words }, camera: s.camera,
	from: time.rfc3339(s.from), to: time.rfc3339(s.to),
	...s.asked.length && { cameras: s.asked.join(" ") },
	...s.draft && { draft: s.draft.id } }));

// Ask for the coverage and show it.
async function look(s)
{
	const { from, to, camera } = s;
	const answer = await api.coverage(camera, time.rfc3339(from),
		time.rfc3339(to));

	note(s);
	s.rows = answer.cameras.filter((c) => !s.asked.length ||
		s.asked.includes(c.camera)).map((c) => ({ ...c, spans: c.spans.map(
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
	return look(s).catch((p) => tell(p.sentence));
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
