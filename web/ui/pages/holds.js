// holds.js - what is kept beyond its term: the list, placing, releasing.
import * as api from "../api.js";
import { cameraName } from "../askform.js";
import { el, fill, tell } from "../dom.js";
import { credential, field, form, Moment, textField, ticks } from "../fields.js";
import { inOrder, t } from "../i18n.js";
import * as time from "../time.js";

const REVIEW_MS = 90 * 86400e3;

// The section below the requests; cameras: those that may be held.
export async function holds(app, cameras)
{
	const list = el("div", {});
	const act = el("div", {});
	const renew = async () => {
		const all = await api.holds();
		fill(list, all.length ? table(all, (h) => {
			fill(act, releasing(h, act, renew));
			act.querySelector("input")?.focus();
		}) : el("p", {}, t("holds.none")));
	};

	await renew();
	return el("section", { class: "card", id: "holds" },
		el("h2", {}, t("holds.title")),
		el("p", { class: "soft" }, t("holds.text")),
		list, act, placing(app, cameras, renew));
}

const stamp = (x) => x ? time.stamp(time.instant(x)) : "";

const rangeOf = (h) => h.to ?
	time.span(time.instant(h.from), time.instant(h.to)) :
	t("holds.open", { from: stamp(h.from) });

const table = (all, act) => el("div", { class: "tables", tabindex: 0,
	role: "region", "aria-label": t("holds.title") }, el("table", {},
	el("thead", {}, el("tr", {}, ["column.range", "column.cameras",
		"holds.by", "column.case", all.some((h) => h.may_release) &&
			"holds.release"].filter(Boolean).map((h) =>
		el("th", { scope: "col" }, t(h))))),
	el("tbody", {}, all.map((h) => el("tr", {},
		el("td", { class: "num" }, rangeOf(h)),
		el("td", {}, h.cameras.join(", ")), el("td", {}, h.owner),
		el("td", {}, h.request ? el("a",
			{ href: "/requests/" + h.request }, h.request) :
			h.case ?? "",
		h.reason && el("div", { class: "soft" }, h.reason),
		h.review && el("div", { class: "soft" },
			t("holds.reviewOn", { on: stamp(h.review) }))),
		all.some((x) => x.may_release) && el("td", {},
			h.may_release && el("button", { type: "button",
				"data-hold": h.id, on: { click: () => act(h) } },
			t("holds.release"))))))));

function releasing(h, act, renew)
{
	const reason = textField(t("holds.why"), { maxlength: 500,
		name: "release-reason" });
	const by = credential();

	return form(async () => {
		const why = reason.control.value.trim();

		reason.fail(why ? "" : t("form.empty"));
		if (!why || !by.ok())
			return;
		await api.releaseHold(h.id, { reason: why, ...by.take() });
		fill(act);
		await renew();
		tell(t("people.done"));
	}, el("h3", {}, t("holds.releaseOf", { cameras: h.cameras.join(", "),
		range: rangeOf(h) })), reason.node, by.nodes, el("button",
		{ class: "stop", type: "submit" }, t("holds.release")));
}

function placing(app, cameras, renew)
{
	const which = ticks(t("column.cameras"),
		inOrder(cameras).map((c) => [c.id, cameraName(c)]), []);
	const from = new Moment(t("when.from"), app.now());
	const to = new Moment(t("when.to"), app.now());
	const review = new Moment(t("holds.review"), app.now() + REVIEW_MS);
	const open = el("input", { type: "checkbox", checked: true,
		on: { change: () => { to.node.hidden = open.checked; } } });
	const reason = textField(t("holds.why"), { maxlength: 500,
		name: "hold-reason" });
	const kase = textField(t("column.case"), { maxlength: 100,
		name: "hold-case" });
	const said = field("", el("output", {}));

	to.node.hidden = true;
	return el("details", {}, el("summary", {}, t("holds.place")),
		form(async () => {
			const begin = from.read();
			const end = open.checked ? null : to.read();
			const look = review.read();
			const words = [reason, kase].map((f) => {
				const text = f.control.value.trim();

				f.fail(text ? "" : t("form.empty"));
				return text;
			});

			said.fail(which.values().length ? "" :
				t("problem.noCamera"));
			if (begin === null || (!open.checked && end === null) ||
			    look === null || !words[0] || !words[1] || !which.values().length)
				return;
			await api.placeHold({ cameras: which.values(),
				from: new Date(begin).toISOString(),
				to: end === null ? "" :
					new Date(end).toISOString(),
				review: new Date(look).toISOString(), reason: words[0], case: words[1] });
			await renew();
			tell(t("people.done"));
		}, which.node, said.node, from.node,
		el("label", { class: "tick" }, open, " " + t("holds.openEnd")),
		to.node, review.node, reason.node, kase.node, el("button",
			{ class: "main", type: "submit" }, t("holds.place"))));
}
