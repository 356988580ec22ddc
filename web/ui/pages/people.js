// people.js - a custodian's view of who may do what: make, renew, end.
import * as api from "../api.js";
import { el, fill, say, tell } from "../dom.js";
import { credential, field, form, textField } from "../fields.js";
import { sortBy, t } from "../i18n.js";
import { qr } from "../qr.js";
import * as time from "../time.js";
import { tokens } from "./tokens.js";

export default async function people(app)
{
	const told = el("div", { id: "made" });
	const act = el("div", { id: "act" });
	const list = el("div", {});
	const renew = async () => fill(list, table(await api.people(),
		(kind, p) => {
			fill(act, ending(app, kind, p, told, act, renew));
			act.querySelector("input, textarea")?.focus();
		}, app));

	await renew();
	return { title: t("people.title"), node: el("div", {},
		el("h1", {}, t("people.title")), told,
		el("section", { class: "card" }, list), act, adding(app, told, renew),
		await tokens(app)) };
}

const table = (all, act, app) => el("div", { class: "tables", tabindex: 0,
	role: "region", "aria-label": t("people.title") }, el("table", {},
	el("thead", {}, el("tr", {}, ["user", "name", "role", "created", "state",
		"act"].map((h) => el("th", { scope: "col" },
		t("column." + h))))),
	el("tbody", {}, sortBy(all, (p) => (p.ended ? "1" : "0") + p.name)
		.map((p) => row(p, act, app)))));

const row = (p, act, app) => el("tr", {},
	el("td", {}, el("code", {}, p.user)), el("td", {}, p.name),
	el("td", {}, t("role." + p.role), p.deputy && el("div", { class: "soft" },
		t("people.deputy"))),
	el("td", { class: "num" }, time.stamp(time.instant(p.created))),
	el("td", {}, el("span", { class: "badge" + (p.ended ? "" : p.first ?
		" wait" : " good") }, t(p.ended ? "people.ended" :
		p.first ? "people.first" : "people.active")),
	p.factor && el("div", { class: "soft" }, t("people.factor"))),
	el("td", {}, !p.ended && p.user !== app.session.user &&
		el("div", { class: "row" },
			p.role !== "custodian" ? button("reset", p, act) :
				button(p.deputy ? "noDeputy" : "toDeputy", p,
					act),
			button("end", p, act))));

const button = (kind, p, act) => el("button", { type: "button",
	"data-act": kind, "data-user": p.user,
	on: { click: () => act(kind, p) } }, t("people." + kind),
el("span", { class: "unseen" }, " " + p.name));

// A password that is shown this once, on a sheet for the person.
function sheet(told, user, made)
{
	fill(told, el("section", { class: "card" },
		el("h2", {}, t("people.sheet", { user })),
		el("p", {}, t("people.sheetText")),
		el("dl", { class: "facts" },
			el("dt", {}, t("signin.user")), el("dd", {},
				el("code", {}, user)),
			el("dt", {}, t("people.oneTime")), el("dd", {},
				el("code", { id: "one-time" }, made.password))),
		made.uri && [el("p", {}, t("people.sheetFactor")),
			qr(made.qr, t("account.scan")),
			el("p", {}, el("code", { class: "break" }, made.uri))]));
	told.querySelector("h2").scrollIntoView();
	say(t("people.sheet", { user }));
}

const USER = /^[a-z0-9][a-z0-9._-]{1,31}$/;	// storage/people.c

function adding(app, told, renew)
{
	const roles = app.session.role === "operator" ? ["operator"] :
		["auditor", "custodian", "operator"];
	const user = textField(t("signin.user"), { name: "new-user",
		maxlength: 32, autocapitalize: "none" }, t("people.userHint"));
	const name = textField(t("column.name"), { name: "new-name",
		maxlength: 100, size: 32 });
	const role = field(t("column.role"), el("select", { name: "new-role" },
		roles.map((r) =>
			el("option", { value: r }, t("role." + r)))));
	const box = el("input", { type: "checkbox", name: "new-deputy" });
	const deputy = el("label", { class: "tick" }, box, " ",
		t("people.newDeputy"));
	const by = credential(app.session.role);
	const offer = () => { deputy.hidden = role.control.value !== "custodian"; };

	role.control.addEventListener("change", offer);
	offer();
	return el("section", { class: "card" }, el("details", {},
		el("summary", {}, t("people.add")),
		form(async () => {
			const who = user.control.value.trim();
			const wrong = [who ? USER.test(who) ? "" :
				t("people.userHint") : t("form.empty"),
			name.control.value.trim() ? "" : t("form.empty")];
			[user, name].forEach((f, i) => f.fail(wrong[i]));
			if (wrong[0] || wrong[1])
				return (wrong[0] ? user : name).control.focus();
			if (!by.ok())
				return;
			sheet(told, who, await api.newPerson({ user: who,
				name: name.control.value.trim(),
				role: role.control.value,
				...!deputy.hidden && box.checked &&
					{ deputy: true }, ...by.take() }));
			user.control.value = name.control.value = "";
			await renew();
		}, el("div", { class: "row top" }, user.node, name.node,
			role.node), deputy, by.nodes, el("button",
			{ class: "main", type: "submit" }, t("people.make")))));
}

function ending(app, kind, p, told, act, renew)
{
	const reason = kind === "end" && field(t("end.reason"),
		el("input", { type: "text", maxlength: 500,
			name: "end-reason" }));
	const by = credential(app.session.role);

	return el("section", { class: "card" },
		el("h2", {}, t(`people.${kind}Title`, { name: p.name })),
		el("p", {}, t(`people.${kind}Text`)),
		form(async () => {
			const why = reason && reason.control.value.trim();
			reason && reason.fail(why ? "" : t("form.empty"));
			if ((reason && !why) || !by.ok())
				return;
			if (kind === "end")
				await api.endPerson(p, { reason: why,
					...by.take() });
			else if (kind !== "reset")
				await api.setDeputy(p, { deputy:
					kind === "toDeputy", ...by.take() });
			else
				sheet(told, p.user, await api.resetPerson(p,
					by.take()));
			fill(act);
			await renew();
			tell(t("people.done"));
		}, reason && reason.node, by.nodes, el("button",
			{ class: kind === "end" ? "stop" : "main",
				type: "submit" }, t("people." + kind))));
}
