// timeline.js - what is recorded and what is not, as a bar that is also a
// slider. Kinds differ by colour, pattern and word, never by colour alone.
import { el, fill } from "./dom.js";
import { has, length, t } from "./i18n.js";
import * as time from "./time.js";

const DAY = 86400;
const STEPS = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 14400, 21600, DAY,
	2 * DAY, 7 * DAY, 14 * DAY, 30 * DAY];

export const causeText = (cause) =>
	has("cause." + cause) ? t("cause." + cause) : t("cause.none");

// Spans are [{kind: "recorded"|"gap", from, to, cause, open}] in instants; each
// may bring its own title and word, and the part of it that is a gap. Arrow keys
// go by units[0], with Shift by units[1], with Ctrl by units[2].
export class Timeline {
	// move(at) is told where a person went, enter(at) where he pressed
	// Enter; at may be anywhere inside. days: a moment is told as its date.
	// ticks: false where another line below has them.
	constructor({ label, from, to, spans, at, move, enter = null,
		units = [1e3, 10e3, 60e3], days = false, ticks = true })
	{
		Object.assign(this, { label, from, to, spans, at, move, enter,
			units, days, ticks });
		this.bar = el("div", { class: "bar", role: "slider",
			tabindex: 0, "aria-label": label,
			"aria-valuemin": 0, on: {
				keydown: (e) => this.#key(e),
				pointerdown: (e) => this.#press(e),
				pointermove: (e) => this.#drag(e),
				pointerover: (e) => this.#name(e.target.closest(".span")),
			} });
		this.marks = el("div", { class: "ticks", "aria-hidden": true });
		this.node = el("div", { class: "timeline" }, this.bar,
			this.marks);
		this.#draw();
		this.set(at);
	}

	#share(at)
	{
		return (at - this.from) / (this.to - this.from) * 100;
	}

	#draw()
	{
		this.named = new Map();
		this.hand = el("div", { class: "hand" });
		this.chosen = el("div", { class: "chosen", hidden: true });
		fill(this.bar, this.spans.filter((s) => s.to > this.from &&
			s.from < this.to).map((s) => this.#span(s)),
		this.chosen, this.hand);
		this.bar.setAttribute("aria-valuemax",
			Math.round((this.to - this.from) / 1e3));
		fill(this.marks, this.ticks && this.#ticks());
	}

	// Another part of the same spans.
	window(from, to)
	{
		Object.assign(this, { from, to });
		this.#draw();
		this.set(this.at);
	}

	#span(s)
	{
		const a = Math.max(s.from, this.from);
		const b = Math.min(s.to, this.to);
		const node = el("div", { class: "span " + kindOf(s) +
			(s.part ? " partly" : "") });

		this.named.set(node, s);
		node.style.left = this.#share(a) + "%";
		node.style.width = this.#share(this.from + b - a) + "%";
		if (s.part)
			node.style.setProperty("--part", 100 * s.part + "%");
		else if (s.kind === "gap" && b - a > (this.to - this.from) / 12)
			node.append(el("span", {}, length(s.to - s.from)));
		return node;
	}

	// What a span is, made when somebody points at it: there are thousands.
	#name(node)
	{
		const s = this.named.get(node);

		if (s && !node.title)
			node.title = s.title ?? spanText(s);
	}

	#ticks()
	{
		const whole = (this.to - this.from) / 1e3;
		const step = (STEPS.find((s) => whole / s <= 8) ?? 30 * DAY) * 1e3;
		const zero = time.offset(this.from) * 60e3;
		const first = Math.ceil((this.from + zero) / step) * step - zero;
		const ticks = [];

		for (let at = first; at <= this.to; at += step) {
			const node = el("span", {}, step < 60e3 ?
				time.timeText(at) : step < DAY * 1e3 ?
					time.timeText(at).slice(0, 5) :
					time.dateText(at).slice(0, 5));
			node.style.left = this.#share(at) + "%";
			if (this.#share(at) > 95)
				node.className = "late";
			ticks.push(node);
		}
		return ticks;
	}

	set(at)
	{
		this.at = at;
		this.hand.hidden = at < this.from || at > this.to;
		this.hand.style.left = this.#share(this.at) + "%";
		this.bar.setAttribute("aria-valuenow", Math.round((Math.min(
			Math.max(at, this.from), this.to) - this.from) / 1e3));
		this.bar.setAttribute("aria-valuetext",
			`${this.days ? time.dateText(this.at) :
				time.timeText(this.at)}, ${this.wordAt(this.at)}`);
	}

	// Show what will be asked for.
	choose(from, to)
	{
		const a = Math.max(from, this.from), b = Math.min(to, this.to);

		this.chosen.hidden = !(a < b);
		this.chosen.style.left = this.#share(a) + "%";
		this.chosen.style.width = this.#share(this.from + b - a) + "%";
	}

	wordAt(at)
	{
		const s = this.spans.find((x) => x.from <= at && at < x.to);

		if (!s)
			return t("line.unknown");
		if (s.word)
			return s.word;
		return s.kind === "recorded" ? t("line.recorded") :
			`${t("line.gap")}: ${causeText(s.cause)}`;
	}

	#key(e)
	{
		const way = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1,
			ArrowUp: 1 }[e.key];
		const jump = { Home: this.from, End: this.to }[e.key];

		if (e.key === "Enter")
			this.enter?.(this.at);
		if (way === undefined && jump === undefined)
			return;
		e.preventDefault();
		e.stopPropagation();
		this.#go(jump ?? this.at + way *
			this.units[e.ctrlKey ? 2 : e.shiftKey ? 1 : 0]);
	}

	#press(e)
	{
		this.bar.setPointerCapture(e.pointerId);
		this.#to(e);
	}

	#drag(e)
	{
		if (this.bar.hasPointerCapture(e.pointerId))
			this.#to(e);
	}

	#to(e)
	{
		const box = this.bar.getBoundingClientRect();
		const share = (e.clientX - box.left) / box.width;

		this.#go(this.from + share * (this.to - this.from));
	}

	#go(at)
	{
		this.set(Math.min(Math.max(at, this.from), this.to));
		this.move(this.at);
	}
}

const kindOf = (s) => s.kind === "recorded" && s.flags?.length ?
	"recorded flagged" : s.kind;

export function spanText(s)
{
	const word = s.kind === "gap" ?
		`${t("line.gap")}: ${causeText(s.cause)}` : t("line.recorded");
	const flags = (s.flags ?? []).map((f) => t("flag." + f)).join(", ");

	return `${time.timeText(s.from)}\u2013${time.timeText(s.to)}, ` +
		word + (flags ? ` (${flags})` : "");
}

// What the colours mean: [kind, what it is called].
export const key = (...all) => el("p", { class: "legend" }, all.map(
	([kind, text]) => [el("span", {}, el("span", { class: "key " + kind }),
		text), " "]));

export const legend = (flagged = false) => key(["recorded",
	t("line.recorded")], ["gap", t("line.gap")],
...flagged ? [["flagged", t("line.flagged")]] : [],
["unknown", t("line.unknown")]);
