// tokens.js - tokens of other programs, on the page People: made, ended.
import * as api from "../api.js";
import { badge, el, fill, say, tell } from "../dom.js";
import { credential, form, textField, ticks } from "../fields.js";
import { t } from "../i18n.js";
import * as time from "../time.js";

const SCOPES = ["health:read", "alerts:write", "transactions:write"];
const DAY_MS = 86400e3;
const DAYS = 365;
const DAYS_MAX = 365; // a day to spare for clocks

export async function tokens(app)
{
	const told = el("div", {});
	const act = el("div", {});
	const list = el("div", {});
	const renew = async () => {
		const all = await api.tokens();
		fill(list, all.length ? table(all, (x) => {
			fill(act, ending(app, x, act, renew));
			act.querySelector("input")?.focus();
		}) : el("p", {}, t("tokens.none")));
	};

	await renew();
	return el("section", { class: "card", id: "tokens" },
		el("h2", {}, t("tokens.title")),
		el("p", { class: "soft" }, t("tokens.text")),
		told, list, act, adding(app, told, renew));
}

const stamp = (x) => time.stamp(time.instant(x));
const over = (x) => x.ended || time.instant(x.ends) <= Date.now();

const table = (all, act) => el("div", { class: "tables", tabindex: 0,
	role: "region", "aria-label": t("tokens.title") }, el("table", {},
	el("thead", {}, el("tr", {}, ["tokens.name", "tokens.scope",
		"tokens.maker", "tokens.ends", "tokens.used", "column.act"]
		.map((h) => el("th", { scope: "col" }, t(h))))),
	el("tbody", {}, all.map((x) => row(x, act)))));

const row = (x, act) => el("tr", {},
	el("td", {}, x.name),
	el("td", {}, x.scope.split(" ").map((s) =>
		el("div", {}, t("scope." + s)))),
	el("td", {}, x.maker ?? "", el("div", { class: "soft" },
		stamp(x.created))),
	el("td", { class: "num" }, over(x) && badge(false, t("people.ended")),
		" ", stamp(x.ended ?? x.ends)),
	el("td", { class: "num" }, x.used ? stamp(x.used) : t("tokens.never")),
	el("td", {}, !over(x) && el("button", { type: "button",
		"data-token": x.id, on: { click: () => act(x) } },
	t("people.end"), el("span", { class: "unseen" }, " " + x.name))));

// The token itself, this once.
function sheet(told, name, made)
{
	fill(told, el("section", { class: "card" },
		el("h3", {}, t("tokens.sheet", { name })),
		el("p", {}, t("tokens.sheetText")),
		el("p", {}, el("code", { class: "break", id: "token" },
			made.token))));
	told.querySelector("h3").scrollIntoView();
	say(t("tokens.sheet", { name }));
}

function adding(app, told, renew)
{
	const name = textField(t("tokens.name"), { name: "token-name",
		maxlength: 100 }, t("tokens.nameHint"));
	const days = textField(t("tokens.days"), { name: "token-days",
		maxlength: 3, size: 4, inputmode: "numeric", value: DAYS },
	t("tokens.daysHint"));
	const scope = ticks(t("tokens.scope"), SCOPES.map((s) =>
		[s, t("scope." + s)]), []);
	const by = credential(app.session.role);

	return el("details", {}, el("summary", {}, t("tokens.add")),
		form(async (_, wrong) => {
			const n = Number(days.control.value);
			const known = Number.isInteger(n) && n > 0 &&
				n <= DAYS_MAX;
			const called = name.control.value.trim();

			name.fail(called ? "" : t("form.empty"));
			days.fail(known ? "" : t("tokens.daysHint"));
			if (!scope.values().length)
				wrong.textContent = t("tokens.noScope");
			if (!called || !known || !scope.values().length ||
			    !by.ok())
				return;
			sheet(told, called, await api.newToken({ name: called,
				scope: scope.values().join(" "),
				ends: time.rfc3339(Date.now() + n * DAY_MS),
				...by.take() }));
			name.control.value = "";
			await renew();
		}, el("div", { class: "row top" }, name.node, days.node),
		scope.node, by.nodes, el("button",
			{ class: "main", type: "submit" }, t("tokens.make"))));
}

function ending(app, x, act, renew)
{
	const reason = textField(t("end.reason"), { maxlength: 500,
		name: "token-reason" });
	const by = credential(app.session.role);

	return el("section", { class: "card" },
		el("h3", {}, t("tokens.endTitle", { name: x.name })),
		el("p", {}, t("tokens.endText")),
		form(async () => {
			const why = reason.control.value.trim();
			reason.fail(why ? "" : t("form.empty"));
			if (!why || !by.ok())
				return;
			await api.endToken(x.id, { reason: why, ...by.take() });
			fill(act);
			await renew();
			tell(t("people.done"));
		}, reason.node, by.nodes, el("button", { class: "stop",
			type: "submit" }, t("people.end"))));
}
