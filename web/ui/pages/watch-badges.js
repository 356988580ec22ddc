// watch-badges.js - the three badges, each with the evidence behind it: genuine,
// complete, seen by (rule 4).
import { el, fill } from "../dom.js";
import { length, number, t } from "../i18n.js";
import * as time from "../time.js";
import { causeText } from "../timeline.js";

export function badges(s)
{
	return [el("strong", { class: "num" }, time.span(s.from, s.to)),
		genuine(s), complete(s), seen(s)];
}

const EDGE = 10;	// px between the evidence and the page's edge

// A badge that opens; the evidence is made when it is looked at.
function badge(kind, text, evidence)
{
	const body = el("div", { class: "evidence" });
	const node = el("details", { class: "evident", name: "evidence" },
		el("summary", { class: "badge " + kind }, text), body);

	node.addEventListener("toggle", () => {
		if (!node.open)
			return;
		fill(body, evidence().map((x) => x && (x.nodeType ? x :
			el("p", {}, x))));
		// beside the page's edge it would be cut
		const room = document.documentElement.clientWidth -
			body.offsetWidth - EDGE;
		body.style.left = Math.min(0, room - node.getBoundingClientRect()
			.left) + "px";
	});
	node.addEventListener("keydown", (e) => {
		if (e.key === "Escape" && node.open) {
			node.open = false;
			node.firstChild.focus();
		}
	});
	return node;
}

const parts = (s) => new Set(s.screens.flatMap((x) =>
	x.tape.fragments.map((f) => f.part)));

export const changedParts = (s) => s.screens.flatMap((x) => x.tape.fragments
	.filter((f) => f.bad?.name === "integrity")
	.map((f) => ({ f, name: x.name })));

// How many fragments were read, and so checked, of how many.
function checked(s)
{
	const all = s.screens.flatMap((x) => x.tape.fragments);

	return { n: all.filter((f) => f.times).length, of: all.length };
}

// The word of the first badge, as far as anything was read.
export function genuineText(s)
{
	const { n, of } = checked(s);

	return t(changedParts(s).length ? "badge.changed" : n < of ?
		"badge.soFar" : "badge.genuine");
}

// Each fragment is checked against the ledger's word when it is read.
function genuine(s)
{
	// a segment is named once, with the first second that shows it
	const bad = [...new Map(changedParts(s).reverse().map((x) =>
		[x.f.part, x])).values()].reverse();
	const { ledger, witness } = s.status;

	return badge(bad.length ? "bad" : "good", genuineText(s), () => [
			...bad.slice(0, 5).map(({ f, name }) => t("genuine.changed",
				{ camera: name, seq: number(f.part.seq),
					time: time.timeText(f.from) })),
			t("genuine.how", { n: parts(s).size }),
			t("genuine.read", checked(s)),
			t("genuine.ledger", { entries: number(ledger.size) }) + " " +
			(witness.age_s === null ? t("genuine.noWitness") :
				t("genuine.witness", { who: witness.by.join(", "),
					ago: t("time.ago", { length: length(
						Math.max(0, witness.age_s) *
						1e3) }) })),
			t("genuine.export")]);
}

const share = (tape) => number(Math.floor(1000 * tape.recorded /
	Math.max(1, tape.recorded + tape.gapLength)) / 10, 1);

function complete(s)
{
	const short = s.screens.filter((x) => x.tape.gaps.length);
	const [worst] = [...short].sort((a, b) =>
		a.tape.recorded - b.tape.recorded);

	return badge(short.length ? "bad" : "good", !short.length ?
		t("badge.complete") : short.length > 1 ? t("badge.gapsMany",
			{ n: short.length, camera: worst.name,
				share: share(worst.tape) }) :
			t("badge.gaps", { camera: worst.name,
				share: share(worst.tape),
				n: worst.tape.gaps.length,
				length: length(worst.tape.gapLength) }), () => [
		...s.screens.map((x) => t("complete.camera", { camera: x.name,
			share: share(x.tape), n: x.tape.gaps.length })),
		short.length > 0 && el("ul", { class: "list" },
			short.flatMap((x) => x.tape.gaps.map((g) => el("li", {},
				el("button", { type: "button", on: { click: () =>
					s.player.seek(g.from) } }, `${x.name} ` +
				time.timeText(g.from)), " ",
				`${length(g.to - g.from)}, ${causeText(g.cause)}`)))),
		t("complete.how")]);
}

// Who else looked at these cameras in this time, by leases in the ledger.
function seen(s)
{
	const others = s.story.leases.filter((l) => !l.mine);
	const n = new Set(others.map((l) => l.who)).size;

	return badge("", n ? t("badge.seen", { n }) : t("badge.unseen"), () => [
		!others.length && t("seen.nobody"),
		others.length > 0 && el("ul", { class: "list" },
			others.slice(-20).map((l) => el("li", {},
				`${l.who}, ${time.stamp(time.instant(l.time))}`,
				el("br"), el("small", {}, `${l.request}, ` +
				`${l.camera}, ${t("lease." + l.kind)}`)))),
		t("seen.how")]);
}
