// fields.js - parts of forms: a labelled field, and a moment in site time.
import { el, fill, newId } from "./dom.js";
import { t } from "./i18n.js";
import * as time from "./time.js";

// One control with its label, its hint and its error, tied together.
export function field(label, control, hint = "")
{
	const id = control.id || newId("f");
	const error = el("span", { class: "error", id: id + "-e" });
	const note = el("span", { class: "hint", id: id + "-h" }, hint);

	control.id = id;
	control.setAttribute("aria-describedby", `${id}-h ${id}-e`);
	// what was wrong is no longer said of what is typed now
	control.addEventListener("input", () => mark(control, error, ""));
	const node = el("div", { class: "field" },
		el("label", { for: id }, label), control, hint && note, error);
	return { node, control, fail: (text) => mark(control, error, text) };
}

function mark(control, error, text)
{
	error.textContent = text;
	control.toggleAttribute("aria-invalid", text !== "");
	if (text)
		control.setAttribute("aria-invalid", "true");
}

export const textField = (label, attrs, hint) =>
	field(label, el("input", { type: "text", autocomplete: "off",
		spellcheck: "false", ...attrs }), hint);

// The six digits of the second factor; each is good for one act.
export const codeField = (hint) => field(t("factor.code"), el("input", {
	type: "text", name: "code", inputmode: "numeric", maxlength: 6,
	size: 8, autocomplete: "one-time-code", spellcheck: "false" }), hint);

// A date and a time of the site. read() gives the instant, or null after it
// has said what is wrong; a time that occurs twice is asked about.
export class Moment {
	constructor(label, at)
	{
		this.date = textField(t("when.date"), { size: 10,
			placeholder: t("when.dateForm"), inputmode: "decimal" });
		this.time = textField(t("when.time"), { size: 8,
			placeholder: t("when.timeForm"), inputmode: "numeric" });
		this.which = el("select", { "aria-label": t("when.twice") });
		this.twice = el("div", { class: "twice", hidden: true },
			el("span", {}, t("when.twice")), this.which);
		this.node = el("fieldset", { class: "moment" },
			el("legend", {}, label),
			el("div", { class: "row" }, this.date.node,
				this.time.node), this.twice);
		for (const f of [this.date, this.time])
			f.control.addEventListener("input",
				() => { this.twice.hidden = true; });
		this.set(at);
	}

	set(at)
	{
		this.date.control.value = time.dateText(at);
		this.time.control.value = time.timeText(at);
		this.twice.hidden = true;
		const { date, clock } = this.#parsed();
		if (time.instantsOf(date, clock).length > 1)
			this.#ask(time.instantsOf(date, clock), at);
	}

	#parsed()
	{
		return { date: time.readDate(this.date.control.value),
			clock: time.readTime(this.time.control.value) };
	}

	#ask(all, at)
	{
		fill(this.which, all.map((ms) => el("option", { value: ms,
			selected: Math.floor(at / 1e3) === ms / 1e3 },
		time.stamp(ms))));
		this.twice.hidden = false;
	}

	isEmpty()
	{
		return !this.date.control.value.trim() &&
			!this.time.control.value.trim();
	}

	// The instant that stands there, NaN while it is none; nobody is asked.
	peek()
	{
		const { date, clock } = this.#parsed();

		if (!this.twice.hidden && this.which.value)
			return Number(this.which.value);
		return date && clock ? time.instantsOf(date, clock)[0] ?? NaN : NaN;
	}

	read()
	{
		const { date, clock } = this.#parsed();

		this.date.fail(date ? "" : t("when.dateWrong"));
		this.time.fail(clock ? "" : t("when.timeWrong"));
		if (!date || !clock)
			return null;
		const all = time.instantsOf(date, clock);
		if (all.length === 1)
			return all[0];
		if (all.length === 0) {
			this.time.fail(t("when.never"));
			return null;
		}
		if (!this.twice.hidden)
			return Number(this.which.value);
		this.#ask(all, NaN);
		this.which.focus();
		return null;
	}

	fail(text)
	{
		this.date.fail(text);
	}

	focus()
	{
		this.date.control.focus();
	}
}

// One of some; pairs are [value, text].
export const choice = (label, name, pairs, hint) => field(label,
	el("select", { name }, pairs.map(([value, text]) =>
		el("option", { value }, text))), hint);

// Boxes to tick, one a camera; values() are the ids that are ticked.
export function ticks(label, items, chosen)
{
	const boxes = items.map(([value, text]) => {
		const box = el("input", { type: "checkbox", value,
			checked: chosen.includes(value) });
		return { box, node: el("label", { class: "tick" }, box,
			" " + text) };
	});

	return { node: el("fieldset", {}, el("legend", {}, label),
		boxes.map((b) => b.node)),
	values: () => boxes.filter((b) => b.box.checked)
		.map((b) => b.box.value),
	focus: () => boxes[0]?.box.focus() };
}

// A form whose submit is one act: no second press while it runs.
export function form(act, ...kids)
{
	const wrong = el("p", { class: "wrong", role: "alert" });
	const node = el("form", { novalidate: true }, kids, wrong);

	node.addEventListener("submit", async (e) => {
		e.preventDefault();
		if (node.dataset.busy)
			return;
		node.dataset.busy = "1";
		node.setAttribute("aria-busy", "true");
		wrong.textContent = "";
		try {
			await act(e.submitter?.value ?? "", wrong);
		} catch (problem) {
			wrong.textContent = problem.name === "wrong-password" &&
				!node.querySelector("[name=user]") ?
				t("act.wrongPassword") :
				problem.sentence ?? String(problem);
			if (problem.name === "changed")	// app.js shows it anew
				node.dispatchEvent(new CustomEvent("changed",
					{ bubbles: true }));
			if (!problem.sentence)
				throw problem;
		} finally {
			delete node.dataset.busy;
			node.removeAttribute("aria-busy");
		}
	});
	return node;
}

// The credential of who acts, for this one act. An operator may have no code.
export function credential(role = "custodian")
{
	const password = field(t("act.password"), el("input",
		{ type: "password", name: "password",
			autocomplete: "current-password" }),
	t("decide.passwordHint"));
	const code = codeField(t(role === "operator" ? "factor.signinHint" :
		"factor.actHint"));

	return { nodes: [password.node, code.node],
		ok() {
			const needed = role === "operator" ? [password] :
				[password, code];
			for (const f of needed)
				f.fail(f.control.value ? "" : t("form.empty"));
			return needed.every((f) => f.control.value);
		},
		take() {
			const body = { password: password.control.value,
				code: code.control.value.trim() };
			password.control.value = code.control.value = "";
			return body;
		} };
}
