// watch-side.js - beside the pictures: what is marked and what can be done with
// it, notes, snapshots, gaps, downloads, keys.
import * as api from "../api.js";
import { el, fill, say, tell } from "../dom.js";
import { field, form, textField } from "../fields.js";
import { bytes, length, number, t } from "../i18n.js";
import { makeSnapshot } from "../snapshot.js";
import * as time from "../time.js";
import { causeText } from "../timeline.js";
import { exporting } from "./exports.js";
import { changedParts } from "./watch-badges.js";
import { journal } from "./watch-journal.js";

// A file is an export; who may only watch is not shown one.
export const mayExport = (s) => s.r.right === "export";

export function side(s)
{
	s.part ??= el("section", { class: "card", id: "part" });
	s.notes ??= el("section", { class: "card", id: "notes" });
	s.form ??= el("div", {});
	showPart(s);
	showNotes(s);
	return [journal(s), s.part, s.notes, gaps(s), mayExport(s) && downloads(s), keys()];
}

export function nextGap(s)
{
	const shown = new Set(s.screens.map((x) => x.reel.gap));
	const next = s.screens.flatMap((x) => x.tape.gaps).filter((g) =>
		g.from > s.player.at - 1e3 && g.to > s.player.at &&
		!shown.has(g)).sort((a, b) => a.from - b.from)[0];

	if (!next)
		return tell(t("watch.noMoreGaps"));
	return s.player.seek(next.from);
}

// --- marks ---

export function marked(s, end)
{
	s[end] = s.player.at;
	if (s.in >= s.out)
		s[end === "in" ? "out" : "in"] = NaN;
	s.strip.choose(s.in, s.out);
	showPart(s);
	say(t("mark." + end, { time: time.timeText(s[end]) }));
}

const hasPart = (s) => s.in < s.out;

function showPart(s)
{
	const at = (end) => Number.isFinite(s[end]) && el("button",
		{ type: "button", class: "num", on: { click: () =>
			s.player.seek(s[end]) } }, t("mark." + end,
			{ time: time.timeText(s[end]) }));

	fill(s.part, el("h2", {}, t("part.title")),
		(s.in > 0 || s.out > 0) && el("p", { class: "row mid" }, at("in"),
			at("out"), hasPart(s) && el("strong", {},
				length(s.out - s.in))),
		!hasPart(s) && el("p", { class: "soft" }, t("part.hint")),
		hasPart(s) && el("div", { class: "row" },
			mayExport(s) && el("button", { type: "button",
				class: "main", id: "part-export", on: { click: () =>
					panel(s, "export") } }, t("part.export")),
			el("button", { type: "button", id: "part-hold",
				on: { click: () => panel(s, "hold") } },
			t("part.hold")),
			el("button", { type: "button", on: { click: () => {
				s.in = s.out = NaN;
				s.strip.choose(NaN, NaN);
				showPart(s);
			} } }, t("part.clear"))), !s.noting && s.form);
}

// --- forms below the marks: one at a time ---

const forms = { note: noteForm, hold: holdForm, export: exportForm };

export function panel(s, kind)
{
	fill(s.form, forms[kind](s));
	s.noting = kind === "note";	// it stands where its result will
	showPart(s);
	showNotes(s);
	s.form.querySelector("input, textarea, button")?.focus();
	s.form.scrollIntoView({ block: "nearest" });
}

function done(s, text)
{
	fill(s.form, el("p", { class: "told good" }, text));
	say(text);
	document.getElementById("play")?.focus();
}

const cancel = (s) => el("button", { type: "button", on: { click: () => {
	fill(s.form);
	document.getElementById("play")?.focus();
} } }, t("act.cancel"));

function noteForm(s)
{
	const at = s.player.at;
	const text = textField(t("note.text", { time: time.timeText(at) }),
		{ maxlength: 500, name: "note" }, t("note.hint"));

	s.player.pause();
	text.node.classList.add("wide");
	return form(async () => {
		const words = text.control.value.trim();

		text.fail(words ? "" : t("form.empty"));
		if (!words)
			return text.control.focus();
		await api.newNote(s.id, { camera: s.main.camera.camera,
			at: time.rfc3339(Math.floor(at)), text: words });
		await renew(s);
		done(s, t("note.done"));
	}, text.node, el("div", { class: "row" }, el("button", { class: "main",
		type: "submit" }, t("note.act")), cancel(s)));
}

// The cameras of the approval, held beyond its own term.
function holdForm(s)
{
	const reason = field(t("holds.why"), el("textarea",
		{ maxlength: 500, name: "hold-reason" }));

	return form(async () => {
		const why = reason.control.value.trim();

		reason.fail(why ? "" : t("form.empty"));
		if (!why)
			return reason.control.focus();
		await api.placeHold({ cameras: s.screens.map((x) =>
			x.camera.camera), from: new Date(s.in).toISOString(),
		to: new Date(s.out).toISOString(), reason: why, case: s.r.case,
		review: new Date(s.app.now() + 90 * 864e5).toISOString() });
		done(s, t("part.held"));
	}, el("p", {}, t("part.holdText", { n: s.screens.length,
		length: length(s.out - s.in), case: s.r.case })), reason.node,
	el("div", { class: "row" }, el("button", { class: "main",
		type: "submit" }, t("part.hold")), cancel(s)));
}

function exportForm(s)
{
	const by = exporting();

	return form(async () => {
		if (!by.ok())
			return;
		const { id } = await api.newExport(s.id, { ...by.take(),
			// a grant is rounded out to key frames, a part is not
			from: time.rfc3339(Math.max(s.from, Math.floor(s.in))),
			to: time.rfc3339(Math.min(s.to, Math.ceil(s.out))),
			cameras: s.screens.map((x) => x.camera.camera) });
		await s.app.go("/exports");
		say(t("export.begun", { id }));
	}, el("p", {}, t("part.exportText", { n: s.screens.length,
		length: length(s.out - s.in) })),
	changedParts(s).some(({ f }) => f.from < s.out && f.to > s.in) &&
		el("p", { class: "told bad" }, t("part.damage")), by.nodes,
	el("div", { class: "row" }, el("button", { class: "main",
		type: "submit" }, t("part.export")), cancel(s)));
}

// --- notes and snapshots ---

export async function renew(s)
{
	s.story = await api.story(s.id);
	showNotes(s);
}

export async function snapshot(s)
{
	if (!mayExport(s))
		return tell(t("snapshot.right"));
	if (!s.main.reel.run)
		return tell(t("snapshot.none"));
	s.player.pause();
	try {
		const { blob, name, sha256 } = await makeSnapshot(s);
		const { entry } = await api.newSnapshot(s.id, { sha256,
			camera: s.main.camera.camera,
			at: time.rfc3339(Math.floor(s.player.at)) });
		const link = el("a", { href: URL.createObjectURL(blob),
			download: name });
		link.click();
		setTimeout(() => URL.revokeObjectURL(link.href), 60e3);
		await renew(s);
		tell(t("snapshot.done", { entry: number(entry) }));
	} catch (problem) {
		tell(problem.sentence ?? String(problem));
	}
	return undefined;
}

function showNotes(s)
{
	const all = [...s.story.notes.map((n) => ({ ...n, kind: "note" })),
		...s.story.snapshots.map((n) => ({ ...n, kind: "snapshot" }))]
		.sort((a, b) => time.instant(a.at) - time.instant(b.at));

	fill(s.notes, el("h2", {}, t("note.title")), all.length ?
		el("ul", { class: "list" }, all.map((n) => noteLine(s, n))) :
		el("p", { class: "soft" }, t("note.none")),
	s.noting && s.form);
}

function noteLine(s, n)
{
	const at = time.instant(n.at);
	const name = s.screens.find((x) => x.camera.camera === n.camera)?.name ??
		n.camera;

	return el("li", {}, el("button", { type: "button", class: "num",
		on: { click: () => s.player.seek(at) } },
	time.timeText(at)), " ", n.kind === "note" ? n.text ?? t("note.erased") :
		t("snapshot.title"), el("br"), el("small", {}, `${name}, ${n.who}, ` +
		t("note.entry", { n: number(n.entry) })), n.sha256 && el("small", {},
		el("br"), el("code", { class: "break" }, "SHA-256 " + n.sha256)));
}

// --- gaps, downloads, keys ---

const gaps = (s) => el("section", { class: "card" },
	el("h2", {}, t("watch.gaps")),
	s.screens.some((x) => x.tape.gaps.length) ? el("ul", { class: "list" },
		s.screens.flatMap((x) => x.tape.gaps.map((g) => [g, x]))
			.sort(([a], [b]) => a.from - b.from)
			.map(([g, x]) => gapLine(s, g, x))) :
		el("p", { class: "soft" }, t("watch.noGaps")));

const gapLine = (s, g, x) => el("li", {}, el("button", { type: "button",
	class: "num", on: { click: () => s.player.seek(g.from) } },
`${time.timeText(g.from)}\u2013${time.timeText(g.to)}`), " ",
length(g.to - g.from), el("br"), el("small", {},
	`${x.name}: ${causeText(g.cause)}`));

const FILES_MS = 590e3;	// a little less than the appliance waits

// A file leaves, so who takes it shows who he is; then all of them may be
// fetched, until none was for ten minutes.
function downloads(s)
{
	const body = el("div", {});
	let timer = 0;

	function locked()
	{
		const by = exporting();

		fill(body, form(async () => {
			if (!by.ok())
				return;
			await api.openFiles(s.id, by.take());
			open();
			body.querySelector("a")?.focus();
			say(t("watch.filesOpen"));
		}, by.nodes, el("button", { class: "main", type: "submit" },
			t("watch.openFiles"))));
	}

	function open()
	{
		const again = () => {
			clearTimeout(timer);
			timer = setTimeout(locked, FILES_MS);
		};

		fill(body, el("p", { class: "soft" }, t("watch.filesOpen")),
			el("ul", { class: "list", on: { click: again } },
				s.screens.flatMap((x) => x.camera.runs.map((r) =>
					el("li", {}, downloadLink(s, x, r))))));
		again();
	}

	locked();
	return el("details", { class: "card", id: "files" },
		el("summary", {}, t("watch.download")),
		el("p", { class: "soft" }, t("watch.downloadText")), body);
}

function downloadLink(s, x, run)
{
	const from = time.fromNs(run.from_ns), to = time.fromNs(run.to_ns);

	return [el("a", { href: api.movie(s.id, x.camera.camera, run.run),
		download: true, class: "num" },
	`${x.name} ${time.timeText(from)}\u2013${time.timeText(to)}`),
	el("small", {}, ` ${length(to - from)}, ${bytes(run.bytes)}`)];
}

const keys = () => el("details", { class: "card", id: "keys" },
	el("summary", {}, t("about.keys")),
	el("dl", { class: "facts" }, ["left,right", "shift", "ctrl", "frame",
		"space", "jkl", "gap", "operation", "mark", "snap", "notes", "camera",
		"zoom"].map((k) => [el("dt", {}, t(`key.${k}.name`)),
		el("dd", {}, t(`key.${k}`))])));
