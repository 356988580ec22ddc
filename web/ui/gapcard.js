// gapcard.js - what is known of one gap, in sentences: which camera, from when to
// when, why, when it was noticed, which other camera has footage of it.
import { el } from "./dom.js";
import { length, t } from "./i18n.js";
import * as time from "./time.js";
import { causeText } from "./timeline.js";

// Other rows [{name, spans}] that have footage of all of the gap, or of a part.
export function coveredBy(gap, others)
{
	const parts = others.map(({ name, spans }) => ({ name,
		ms: spans.filter((s) => s.kind === "recorded").reduce((sum, s) =>
			sum + Math.max(0, Math.min(s.to, gap.to) -
				Math.max(s.from, gap.from)), 0) }));

	return parts.filter((p) => p.ms > 0).map((p) => ({ ...p,
		whole: p.ms > (gap.to - gap.from) * 0.99 }));
}

// The sentences about a gap; others as above, [] where there is none.
export function gapLines(gap, others)
{
	const noticed = typeof gap.noticed === "string" ?
		time.instant(gap.noticed) : gap.noticed;
	const covers = coveredBy(gap, others);

	return [`${time.span(gap.from, gap.to)}, ${length(gap.to - gap.from)}`,
		causeText(gap.cause) + ".",
		noticed ? t("gap.noticed", { time: time.stamp(noticed) }) : null,
		others.length === 0 ? null : covers.length === 0 ?
			t("gap.noOther") : t("gap.other", { list: covers.map((c) =>
				c.whole ? c.name : t("gap.part", { name: c.name,
					length: length(c.ms) })).join(", ") }),
	].filter((l) => l !== null);
}

// The inspector: the lines, and the way to both sides of the gap. go(at).
export const gapCard = (name, gap, others, go) => el("section",
	{ class: "card gapfacts", "aria-label": t("gap.title", { camera: name }) },
	el("h3", {}, t("gap.title", { camera: name })),
	gapLines(gap, others).map((line) => el("p", {}, line)),
	el("div", { class: "row" },
		el("button", { type: "button", on: { click: () =>
			go(gap.from - 1e3) } }, t("gap.before",
			{ time: time.timeText(gap.from) })),
		!gap.open && el("button", { type: "button", on: { click: () =>
			go(gap.to) } }, t("gap.continue",
			{ time: time.timeText(gap.to) }))));
