// cases.js - what belongs to one case number: requests, notes, snapshots,
// packages with their fingerprints, holds, and who took files away.
import * as api from "../api.js";
import { el, fill } from "../dom.js";
import { number, sortBy, t } from "../i18n.js";
import * as time from "../time.js";
import { open, requestLine } from "../requestline.js";

export default async function cases(app)
{
	const [requests, exports, holds] = await Promise.all([api.requests(),
		api.exports(), api.holds()]);
	const all = new Map();

	for (const r of requests)
		all.set(r.case, [...(all.get(r.case) ?? []), r]);
	const names = sortBy([...all.keys()], (c) => c);
	const wanted = new URLSearchParams(location.search).get("case");

	return { title: t("nav.cases"), node: el("div", {},
		el("h1", {}, t("nav.cases")),
		!names.length && el("p", { class: "card" }, t("cases.none")),
		names.map((name) => one(app, name, all.get(name), exports, holds,
			name === wanted || names.length === 1))) };
}

function one(app, name, requests, exports, holds, isOpen)
{
	const ids = new Set(requests.map((r) => r.id));
	const packages = exports.filter((x) => ids.has(x.request));
	const held = holds.filter((h) => h.case === name || ids.has(h.request));
	const body = el("div", {});
	const node = el("details", { class: "card case", open: isOpen,
		"data-case": name }, el("summary", {}, el("strong", {}, name), " ",
		el("span", { class: "soft" }, t("cases.line", {
			n: requests.length, exports: packages.length,
			holds: held.length }))), body);
	const show = async () => {
		const stories = await Promise.all(requests.map((r) =>
			api.story(r.id)));
		fill(body, story(requests, packages, held, stories));
	};

	let shown = isOpen;
	if (isOpen)
		show();
	node.addEventListener("toggle", () => {
		if (node.open && !shown)
			show();
		shown = true;
	});
	return node;
}

const story = (requests, packages, held, stories) => {
	const marks = stories.flatMap((s) => [
		...s.notes.map((n) => ({ ...n, request: s.request })),
		...s.snapshots.map((n) => ({ ...n, request: s.request }))])
		.sort((a, b) => time.instant(a.at) - time.instant(b.at));
	const own = new Set(requests.map((r) => r.id));
	const taken = stories.flatMap((s) => s.leases).filter((l) =>
		own.has(l.request) && l.kind !== "view");

	return [
		part("nav.requests", requests.map((r) => [requestLine(r),
			r.mine && open(r) && el("a", { href: "/watch/" + r.id },
				t("act.watch"))])),
		part("note.title", marks.map((m) => mark(requests, m))),
		part("export.title", packages.map((x) => [
			el("div", { class: "between" }, el("strong",
				{ class: "num" }, x.id), t("export." + x.state)),
			x.sha256 && el("code", { class: "break" },
				"SHA-256 " + x.sha256)])),
		part("cases.taken", taken.map((l) => [`${l.who}, `,
			l.time && time.stamp(time.instant(l.time)), el("br"),
			el("small", {}, `${l.request}, ${l.camera}, ` +
				t("lease." + l.kind))])),
		part("holds.title", held.map((h) => [h.cameras.join(", "), " ",
			el("span", { class: "num" }, h.to ? time.span(
				time.instant(h.from), time.instant(h.to)) :
				time.stamp(time.instant(h.from))), el("br"),
			el("small", {}, [h.owner, h.request ?? h.reason]
				.filter(Boolean).join(", "))])),
	];
};

const part = (title, lines) => el("section", {}, el("h2", {}, t(title)),
	lines.length ? el("ul", { class: "list" }, lines.map((l) =>
		el("li", {}, l))) : el("p", { class: "soft" }, t("note.none")));

function mark(requests, m)
{
	const r = requests.find((x) => x.id === m.request);
	const stamp = time.stamp(time.instant(m.at));

	return [r.mine && open(r) ? el("a", { class: "num", href:
		`/watch/${m.request}?` + new URLSearchParams({ camera: m.camera,
			t: m.at }) }, stamp) : el("span", { class: "num" }, stamp),
	` ${m.camera}: `, m.sha256 ? t("snapshot.title") : m.text ??
		t("note.erased"), el("br"), el("small", {}, `${m.who}, ` +
		t("note.entry", { n: number(m.entry) })), m.sha256 && el("small", {},
		el("br"), el("code", { class: "break" },
			"SHA-256 " + m.sha256))];
}
