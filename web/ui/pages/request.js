// request.js - one request in plain sentences, and what may be done with it.
import * as api from "../api.js";
import { codecNotice } from "../codecs.js";
import { el, say } from "../dom.js";
import { choice, codeField, field, form, Moment, ticks } from "../fields.js";
import { length, t } from "../i18n.js";
import { exportCard } from "./exports.js";
import * as time from "../time.js";
import { open, stateBadge } from "../requestline.js";

export default async function request(app, id)
{
	const [all, cameras] = await Promise.all([api.requests(),
		api.cameras()]);
	const r = all.find((x) => x.id === id);

	if (!r)
		return { title: id, node: el("section", { class: "card" },
			el("h1", {}, id), el("p", {}, t("request.missing")),
			el("p", {}, el("a", { href: "/requests" },
				t("nav.requests")))) };
	r.start = time.instant(r.from);
	r.end = time.instant(r.to);
	r.names = new Map(cameras.map((c) => [c.id, c.name]));
	r.notice = r.mine && await codecNotice(cameras.filter((c) =>
		r.cameras.includes(c.id)));

	return { title: id, node: el("div", {},
		el("div", { class: "between" },
			el("h1", { class: "num" }, id), stateBadge(r)),
		el("div", { class: "cols two" }, el("section", { class: "card" },
			el("h2", {}, t("request.asked")), asked(r)),
		outcome(r), r.mine && open(r) && r.right === "export" &&
			exportCard(app, r),
		r.may_decide && decision(app, r),
		mayEnd(app, r) && ending(app, r))) };
}

const fact = (key, ...value) => [el("dt", {}, t(key)),
	el("dd", {}, value)];

const cameraList = (r, ids) => ids.map((id) =>
	r.names.has(id) ? `${r.names.get(id)} (${id})` : id).join(", ");

const asked = (r) => [
	el("p", {}, t(r.mine ? "request.sentenceMine" : "request.sentence", {
		who: r.requester, n: r.cameras.length,
		length: length(r.end - r.start) })),
	el("dl", { class: "facts" },
		fact("column.range", el("span", { class: "num" },
			time.span(r.start, r.end))),
		fact("column.cameras", cameraList(r, r.cameras)),
		fact("request.code", t("code." + r.reason_code)),
		fact("request.reason", el("span", {}, r.reason)),
		r.longer && fact("request.longer", el("span", {}, r.longer)),
		fact("column.case", r.case),
		fact("request.right", t("right." + r.right)),
		r.until && fact("request.until", el("span", { class: "num" },
			time.stamp(time.instant(r.until)))),
		fact("request.created", el("span", { class: "num" },
			time.stamp(time.instant(r.created))))),
	r.notice,
	el("p", { class: "soft" }, t(open(r) || r.state === "submitted" ?
		"request.held" : "request.heldAfter")),
];

function outcome(r)
{
	if (r.state === "submitted")
		return r.may_decide ? null : el("section", { class: "card" },
			el("h2", {}, t("request.decision")),
			el("p", {}, t(r.mine ? "request.waitsMine" :
				"request.waits")));
	return el("section", { class: "card" },
		el("h2", {}, t("request.decision")),
		el("p", {}, t("outcome." + r.state,
			{ who: r.decider ?? "\u2013" })),
		r.decision_reason && el("p", { class: "quote" },
			r.decision_reason),
		r.granted && granted(r));
}

function granted(r)
{
	const from = time.instant(r.granted.from);
	const to = time.instant(r.granted.to);
	const cut = r.cameras.filter((c) => !r.granted.cameras.includes(c));
	const lost = Math.max(0, from - r.start) + Math.max(0, r.end - to);

	return [el("dl", { class: "facts" },
		fact("request.granted", el("span", { class: "num" },
			time.span(from, to))),
		fact("column.cameras", cameraList(r, r.granted.cameras)),
		r.granted.ends && fact("request.ends", el("span",
			{ class: "num" },
			time.stamp(time.instant(r.granted.ends))))),
	lost > 0 && el("p", {}, t("request.cutTime",
		{ length: length(lost) })),
	cut.length > 0 && el("p", {}, t("request.cutCameras",
		{ cameras: cameraList(r, cut) })),
	r.mine && open(r) && el("p", {}, el("a", { class: "button main",
		href: "/watch/" + r.id }, t("act.watch")))];
}

function decision(app, r)
{
	const cameras = ticks(t("column.cameras"), r.cameras.map((c) =>
		[c, cameraList(r, [c])]), r.cameras);
	const from = new Moment(t("when.from"), r.start);
	const to = new Moment(t("when.to"), r.end);
	const reason = field(t("decide.reason"), el("textarea",
		{ maxlength: 500, name: "reason" }), t("decide.reasonHint"));
	const password = field(t("decide.password"), el("input",
		{ type: "password", name: "password",
			autocomplete: "current-password" }),
	t("decide.passwordHint"));
	const code = codeField(t("factor.actHint"));
	const until = choice(t("decide.until"), "until",
		[["", t("until.asked")], ...[3, 1].map((n) =>
			[n, t("until.days", { n })])]);
	const parts = { cameras, from, to, reason, password, code, until };
	const act = (verdict) => decide(app, r, parts, verdict);

	return el("section", { class: "card", id: "decide" },
		el("h2", {}, t("decide.title")),
		el("p", {}, t("decide.text")),
		form(act, cameras.node, el("div", { class: "row top" },
			from.node, to.node), until.node, reason.node,
			password.node, code.node, el("div", { class: "row" },
				el("button", { class: "main", type: "submit",
					value: "approve" }, t("act.approve")),
				el("button", { class: "stop", type: "submit",
					value: "refuse" }, t("act.refuse")))));
}

// The end that the decision sets, null where it sets none of its own.
function untilOf(app, r, days)
{
	const at = app.now() + Number(days) * 86400e3;

	return days && (!r.until || at < time.instant(r.until)) ? at : null;
}

async function decide(app, r, f, verdict)
{
	const from = f.from.read(), to = f.to.read();
	const chosen = f.cameras.values();

	if (from === null || to === null)
		return;
	// What the fields show is whole seconds; untouched means unchanged.
	const start = Math.abs(from - r.start) < 1e3 ? r.start : from;
	const end = Math.abs(to - r.end) < 1e3 ? r.end : to;
	const until = untilOf(app, r, f.until.control.value);
	const shorter = until || start !== r.start || end !== r.end ||
		chosen.length !== r.cameras.length;
	const told = f.reason.control.value.trim();
	f.reason.fail(!told && (verdict === "refuse" || shorter) ?
		t("decide.reasonNeeded") : "");
	f.password.fail(f.password.control.value ? "" : t("form.empty"));
	if (!told && (verdict === "refuse" || shorter))
		return f.reason.control.focus();
	if (!f.password.control.value)
		return f.password.control.focus();
	f.code.fail(f.code.control.value ? "" : t("form.empty"));
	if (!f.code.control.value)
		return f.code.control.focus();
	if (start < r.start || end > r.end || start >= end) {
		const wrong = start < r.start || start >= r.end ? f.from : f.to;
		return wrong.fail(t("decide.outside")), wrong.focus();
	}
	if (!chosen.length)
		throw new api.Problem("noCamera", 0);
	try {
		await api.decide(r, { verdict, cameras: chosen,
			from: time.rfc3339(start), to: time.rfc3339(end),
			...(verdict === "approve" && until &&
				{ until: time.rfc3339(until) }),
			reason: told, password: f.password.control.value,
			code: f.code.control.value.trim() });
	} finally {
		f.password.control.value = f.code.control.value = "";
	}
	await app.refresh();
	say(t("decide.done"));
}

// Where one may decide, refusing is the way.
const mayEnd = (app, r) => !r.may_decide && (open(r) ||
	r.state === "submitted") && (r.mine || app.session.role === "custodian");

function ending(app, r)
{
	const act = r.mine ? "close" : "revoke";
	const reason = field(t("end.reason"), el("input",
		{ type: "text", maxlength: 500, name: "end-reason" }));

	reason.node.classList.add("wide");
	return el("section", { class: "card" }, el("details", {},
		el("summary", {}, t("end." + act)),
		el("p", {}, t(`end.${act}Text`)),
		form(async () => {
			const text = reason.control.value.trim();
			reason.fail(text ? "" : t("form.empty"));
			if (!text)
				return reason.control.focus();
			await api.revoke(r, text);
			await app.refresh();
			say(t("end.done"));
		}, reason.node, el("button", { class: "stop",
			type: "submit" }, t("end." + act)))));
}
