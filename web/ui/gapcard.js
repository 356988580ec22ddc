// gapcard.js - what is known of one gap, in sentences: which camera, from when to
// when, why, when it was noticed, who was told, which other camera has it.
import * as api from "./api.js";
import { el, fill } from "./dom.js";
import { length, number, sentence, t } from "./i18n.js";
import * as time from "./time.js";
import { causeText } from "./timeline.js";

// Other rows [{name, spans}] that have footage of all of the gap, or of a part.
export function coveredBy(gap, others)
{
	const parts = others.map(({ name, spans }) => ({ name,
		ms: spans.filter((s) => s.kind === "recorded").reduce((sum, s) =>
			sum + Math.max(0, Math.min(s.to, gap.to) -
				Math.max(s.from, gap.from)), 0) }));

	// a few pictures at its edge cover nothing
	return parts.map((p) => ({ ...p, whole: p.ms > (gap.to - gap.from) * 0.99 }))
		.filter((p) => p.whole || p.ms >= 500);
}

// The sentences about a gap; others as above, [] where there is none.
export function gapLines(gap, others)
{
	const noticed = typeof gap.noticed === "string" ?
		time.instant(gap.noticed) : gap.noticed;
	const covers = coveredBy(gap, others);

	return [`${time.span(gap.from, gap.to)}, ${length(gap.to - gap.from)}`,
		sentence(causeText(gap.cause)),
		noticed ? t("gap.noticed", { time: time.stamp(noticed) }) : null,
		others.length === 0 ? null : covers.length === 0 ?
			t("gap.noOther") : t("gap.other", { list: covers.map((c) =>
				c.whole ? c.name : t("gap.part", { name: c.name,
					length: length(c.ms) })).join(", ") }),
	].filter((l) => l !== null);
}

const NOBODYS = "not-yet";	// no fault that somebody could have been told of
const TOLD_FROM = 60e3;	// ms; a shorter gap is told to nobody (alert/)

// Who was told that the camera was down, and that it was over (rule 1).
async function toldOf(camera, gap)
{
	if (gap.cause === NOBODYS)
		return [];
	const all = await api.told(camera, time.rfc3339(gap.from - 5e3),
		time.rfc3339(gap.to + 5e3));

	if (all.length)
		return all.map((x) => t(x.over ? "gap.toldOver" : "gap.told", {
			whom: x.whom ?? t("note.erased"), entry: number(x.entry),
			time: time.stamp(time.instant(x.time)) }));
	return [t(gap.to - gap.from < TOLD_FROM ? "gap.toldShort" :
		"gap.toldNobody")];
}

// Erased by its term: when, and which entry says so.
async function erasedOf({ entry })
{
	const { entries: [e] } = await api.ledger(entry, 1);

	return [t("gap.erased", { entry: number(entry),
		time: time.stamp(time.instant(e.time)) })];
}

// The same as lines that come when they are known, and are asked for only when
// somebody comes near them: there may be a gap for each of many cameras.
export function toldLines(camera, gap)
{
	const node = el("div", { class: "gaptold" });
	const seen = new IntersectionObserver((all) => {
		if (!all.some((at) => at.isIntersecting))
			return;
		seen.disconnect();
		(gap.entry ? erasedOf(gap) : toldOf(camera, gap)).then((lines) =>
			fill(node, lines.map((line) => el("p", {}, line))),
		() => {});
	}, { rootMargin: "200px" });

	seen.observe(node);
	return node;
}

// The inspector: the lines, and the way to both sides of the gap. go(at).
export const gapCard = (camera, name, gap, others, go) => el("section",
	{ class: "card gapfacts", "aria-label": t("gap.title", { camera: name }) },
	el("h3", {}, t("gap.title", { camera: name })),
	gapLines(gap, others).map((line) => el("p", {}, line)),
	toldLines(camera, gap),
	el("div", { class: "row" },
		el("button", { type: "button", on: { click: () =>
			go(gap.from - 1e3) } }, t("gap.before",
			{ time: time.timeText(gap.from) })),
		!gap.open && el("button", { type: "button", on: { click: () =>
			go(gap.to) } }, t("gap.continue",
			{ time: time.timeText(gap.to) }))));
