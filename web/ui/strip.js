// strip.js - what is recorded of several cameras, one under the other, with one
// position and one window that zooms from the whole to two minutes.
import { el, fill } from "./dom.js";
import { length, t } from "./i18n.js";
import { Timeline } from "./timeline.js";

const HOUR = 3600e3;
const ZOOMS = [24 * HOUR, 6 * HOUR, HOUR, 600e3, 120e3];

export class Strip {
	// rows: [{name, spans, note?}], note a node under the name. move(at) is
	// told where a person went, hover(i, at, box) where he points (at is
	// null where he no longer does). ask(from, to): another window is
	// wanted beyond what is known; without it there is none.
	constructor({ rows, from, to, at, move, hover = null, ask = null })
	{
		Object.assign(this, { rows, from, to, at, move, hover, ask,
			whole: [from, to] });
		this.bar = el("div", { class: "zooms", role: "group",
			"aria-label": t("find.zoom") });
		this.node = el("div", { class: "strip" }, this.bar);
		this.lines = rows.map((row, i) => this.#line(row, i));
		this.lines.forEach((line, i) => this.node.append(
			el("div", { class: "cam" }, el("div", { class: "camname" },
				rows[i].name, rows[i].note), line.node)));
		this.#zooms();
		this.set(at);
	}

	#line(row, i)
	{
		const line = new Timeline({ label: t("watch.line",
			{ camera: row.name }), from: this.from, to: this.to,
		spans: row.spans, at: this.at, move: (at) => this.move(at),
		ticks: i === this.rows.length - 1 });

		if (this.hover)
			line.bar.addEventListener("pointermove", (e) => {
				const box = line.bar.getBoundingClientRect();
				this.hover(i, this.from + (e.clientX - box.left) /
					box.width * (this.to - this.from), line);
			});
		for (const type of this.hover ? ["pointerleave", "blur"] : [])
			line.bar.addEventListener(type, () =>
				this.hover(i, null, line));
		return line;
	}

	// The widths that lie below the whole, and the whole itself.
	#zooms()
	{
		const whole = this.whole[1] - this.whole[0];
		const width = this.to - this.from;
		const widths = this.ask ? ZOOMS :
			[whole, ...ZOOMS.filter((z) => z < whole * 0.9)];

		fill(this.bar, this.ask && this.#turn(-1), widths.length > 1 &&
			widths.map((w) => el("button", { type: "button",
				"aria-pressed": String(Math.abs(w - width) < 1e3),
				on: { click: () => this.zoom(w) } }, length(w))),
		this.ask && this.#turn(1));
		this.bar.hidden = widths.length < 2;
	}

	#turn(way)
	{
		return el("button", { type: "button", "aria-label": t(way < 0 ?
			"find.earlier" : "find.later"), on: { click: () => {
			const width = this.to - this.from;
			this.ask(this.from + way * width, this.to + way * width);
		} } }, way < 0 ? "\u2190" : "\u2192");
	}

	// A window of that width round the position.
	zoom(width)
	{
		if (this.ask)
			return this.ask(this.at - width / 2, this.at + width / 2);
		const [first, last] = this.whole;
		const from = Math.min(Math.max(this.at - width / 2, first),
			Math.max(first, last - width));
		this.#show(from, Math.min(from + width, last));
		return this.#zooms();
	}

	// In (1) or out (-1) by one width.
	nearer(way)
	{
		const all = [...this.bar.querySelectorAll("button:not([aria-label])")];
		const now = all.findIndex((b) =>
			b.getAttribute("aria-pressed") === "true");

		all[Math.min(Math.max(now + way, 0), all.length - 1)]?.click();
	}

	#show(from, to)
	{
		Object.assign(this, { from, to });
		for (const line of this.lines)
			line.window(from, to);
		if (this.part)
			this.choose(...this.part);
	}

	set(at)
	{
		const width = this.to - this.from;

		this.at = at;
		if (!this.ask && (at < this.from || at > this.to)) {
			const [first, last] = this.whole;
			const from = Math.min(Math.max(at - width / 8, first),
				last - width);
			this.#show(from, from + width);
		}
		for (const line of this.lines)
			line.set(at);
	}

	// What is marked; both NaN: nothing.
	choose(from, to)
	{
		this.part = [from, to];
		for (const line of this.lines)
			line.choose(from, to);
	}
}
