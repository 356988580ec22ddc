// found.js - transactions: the one box, lists, and each with its footage's
// state and the way to a request. No pictures.
import * as api from "./api.js";
import { el, fill, tell } from "./dom.js";
import { read } from "./findbox.js";
import { form, textField } from "./fields.js";
import { number, t } from "./i18n.js";
import { clockText } from "./journal.js";
import * as time from "./time.js";

const DAY = 864e5;

export const amount = (a) => a ? number(+a.value, a.value.endsWith(".00") ? 0 : 2) +
	(a.currency ? " " + a.currency : "") : "";
export const card = (c) => c ? (c.bin ?? "") + "\u2026" + (c.last4 ?? "") : "";

// The card with the box; answers appear below it.
export function box(s)
{
	const text = textField(t("tx.box"), { name: "box", maxlength: 100,
		value: new URLSearchParams(location.search).get("q") ?? "" },
	t("tx.boxHint"));
	const result = el("div", { "aria-live": "polite" });
	const b = { s, text, result };
	const list = (key, ask) => el("button", { type: "button",
		on: { click: () => ask(b).catch((p) => tell(p.sentence)) } },
	t(key));

	if (text.control.value)
		look(b).catch((p) => tell(p.sentence));
	return el("section", { class: "card", id: "transactions" },
		el("h2", {}, t("tx.title")),
		form(() => look(b), el("div", { class: "row asked" }, text.node,
			el("button", { class: "main", type: "submit" },
				t("tx.find")))),
		el("div", { class: "row", role: "group",
			"aria-label": t("tx.lists") },
		list("tx.large", (x) => above(x, {})),
		list("tx.unchecked", (x) => above(x, { unchecked: "yes" })),
		list("tx.several", (x) => repeated(x, "several-atms")),
		list("tx.under", (x) => repeated(x, "under"))), result);
}

async function look(b)
{
	const words = b.text.control.value;
	const asked = read(words, b.s.cameras.flatMap((c) =>
		[c.atm, ...(c.atms ?? []).map((a) => a.atm)]), b.s.app.now());

	if (asked.request)
		return b.s.app.go("/requests/" + asked.request);
	b.text.fail(asked.unknown.length ? t("tx.unknown",
		{ words: asked.unknown.join(" ") }) :
		words.trim() ? "" : t("tx.empty"));
	if (asked.unknown.length || !words.trim())
		return b.text.control.focus();
	b.s.words = words;
	b.s.note();
	return show(b, asked.query);
}

// "500 000 and more": the sum is the appliance's setting.
const above = (b, more) => show(b, { amount_min: "threshold", ...more });

async function show(b, query)
{
	const answer = await api.transactions(query);

	b.rows = answer.transactions;
	fill(b.result, answer.lost && el("p", { class: "warn" }, t("tx.lost",
		{ time: time.stamp(time.instant(answer.lost)) })),
	el("p", {}, b.rows.length ? t("tx.count", { n: b.rows.length }) :
		t("tx.none")),
	b.rows.length > 0 && table(["time", "atm", "what", "amount", "card",
		"coverage", "act"], b.rows.map((r) => row(b, r))),
	answer.next && el("p", {}, el("button", { type: "button", on: {
		click: () => show(b, { ...query, before: answer.next })
			.catch((p) => tell(p.sentence)) } },
	t("tx.older", { time: time.stamp(time.instant(answer.back_to)) }))));
}

const table = (heads, rows) => el("div", { class: "tables", tabindex: 0,
	role: "region", "aria-label": t("tx.title") }, el("table", {},
	el("thead", {}, el("tr", {}, heads.map((h) =>
		el("th", { scope: "col" }, t(h === "atm" ? "add.atm" :
			"column." + h))))),
	el("tbody", {}, rows)));

function row(b, r)
{
	const what = [t("tx.kind." + r.kind), r.result &&
		t("tx.result." + r.result), r.cash && t("tx.cash." + r.cash),
	r.check && t("tx.check." + (r.check.result ?? "none"))];

	return el("tr", { "data-transaction": r.id },
		el("td", { class: "num" }, time.stamp(time.instant(r.time)),
			r.at !== r.time && el("br"), r.at !== r.time &&
			el("small", {}, t("tx.at",
				{ time: time.timeText(time.instant(r.at)) })),
			el("br"), el("small", { class: "clock-note" },
				clockText(r))),
		el("td", { class: "tight" }, r.atm),
		el("td", {}, what.filter(Boolean).join(", "),
			r.reference && el("br"), r.reference &&
			el("small", { class: "num" }, r.reference)),
		el("td", { class: "num tight" }, amount(r.amount)),
		el("td", { class: "num tight" }, card(r.card)),
		el("td", {}, t("tx.coverage." + r.coverage,
			{ n: r.cameras.length })),
		el("td", { class: "tight" }, r.coverage !== "none" && el("button",
			{ type: "button", on: { click: () => b.s.ask(r)
				.catch((p) => tell(p.sentence)) } },
			t("tx.ask"))));
}

async function repeated(b, list)
{
	const to = b.s.app.now(), from = to - DAY;
	const { cards, threshold } = await api.repeated(list,
		time.rfc3339(from), time.rfc3339(to));
	const cells = cards.map(() => el("td", {}));

	fill(b.result, el("p", {}, t(cards.length ? "tx.repeated" :
		"tx.noneRepeated", { span: time.span(from, to),
		sum: number(+threshold) })),
	cards.length > 0 && table(["card", "count", "amount", "range", "atm", "coverage",
		"act"], cards.map((c, i) => el("tr", {},
			el("td", { class: "num" }, card(c)),
			el("td", { class: "num" }, number(c.count)),
			el("td", { class: "num" }, number(+c.sum)),
			el("td", { class: "num" }, time.span(
				time.instant(c.first), time.instant(c.last))),
			el("td", {}, c.atms.join(", ")), cells[i],
			el("td", { class: "tight" }, el("button", { type: "button", on: {
				click: () => show(b, usesOf(c, from, to))
					.catch((p) => tell(p.sentence)) } },
			t("tx.uses")))))));
	for (let i = 0; i < cards.length && cells[i].isConnected; i++)
		await covered(cells[i], usesOf(cards[i], from, to));
}

// One word for all of them: what is recorded of the operations of a card.
async function covered(cell, uses)
{
	const { transactions } = await api.transactions(uses);
	const states = [...new Set(transactions.map((r) => r.coverage))];

	fill(cell, states.length > 0 && t("tx.coverage." +
		(states.length === 1 ? states[0] : "gaps"),
	{ n: Math.max(...transactions.map((r) => r.cameras.length)) }));
}

// Where and when a card was used, each with its coverage and a request.
const usesOf = (c, from, to) => ({ last4: c.last4,
	...c.bin?.length >= 4 && { bin: c.bin },
	from: time.rfc3339(from), to: time.rfc3339(to) });
