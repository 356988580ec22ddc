// account.js - one's own password and second factor. Who came with a one-time
// password sees this page and no other until he has chosen his own.
import * as api from "../api.js";
import { el, fill, say, tell } from "../dom.js";
import { codeField, credential, field, form } from "../fields.js";
import { sortBy, t } from "../i18n.js";
import { qr } from "../qr.js";
import * as time from "../time.js";

const secret = (name, label, hint, autocomplete) => field(t(label),
	el("input", { type: "password", name, autocomplete }), hint);

export default async function account(app)
{
	const first = app.session.first;
	const open = !first && await sessions(app);

	return { title: t("account.title"), node: el("div", {},
		el("h1", {}, t("account.title")),
		first && el("p", { class: "told" }, t("account.first")),
		password(app), !first && factor(), open) };
}

// Where one is signed in; for a custodian, where anybody is.
async function sessions(app)
{
	const list = el("div", {});
	const act = el("div", {});
	const end = async (s, body) => {
		await api.endSession(s.id, body);
		fill(act);
		await renew();
		tell(t("account.sessionEnded"));
	};
	const renew = async () => fill(list, table(await api.sessions(),
		(s) => {
			if (s.mine)
				return end(s, {});
			fill(act, endingOther(app, s, end));
			act.querySelector("input").focus();
		}));

	await renew();
	return el("section", { class: "card" },
		el("h2", {}, t("account.sessions")),
		el("p", {}, t("account.sessionsText")), list, act);
}

// Another person's session: who ends it shows who he is.
function endingOther(app, s, end)
{
	const by = credential(app.session.role);

	return form(async () => {
		if (by.ok())
			await end(s, by.take());
	}, el("h3", {}, s.name), el("p", {}, t("account.endOther")), by.nodes,
	el("button", { class: "stop", type: "submit" }, t("account.end")));
}

const table = (all, end) => el("div", { class: "tables", tabindex: 0,
	role: "region", "aria-label": t("account.sessions") }, el("table", {
	id: "sessions" }, el("thead", {}, el("tr", {}, ["name", "role", "created",
	"address", "act"].map((h) => el("th", { scope: "col" },
	t("column." + h))))),
el("tbody", {}, sortBy(all, (s) => (s.here ? "0" : s.mine ? "1" : "2") +
	s.name + s.since).map((s) => el("tr", {},
	el("td", {}, s.name), el("td", {}, t("role." + s.role)),
	el("td", { class: "num" }, time.stamp(time.instant(s.since))),
	el("td", {}, el("code", {}, s.address)),
	el("td", {}, s.here ? t("account.here") :
		el("button", { type: "button", "data-session": s.id,
			on: { click: () => end(s) } }, t("account.end"),
		el("span", { class: "unseen" }, " " + s.name))))))));

// Say which field is empty; true where none is.
function filled(...fields)
{
	for (const f of fields)
		f.fail(f.control.value ? "" : t("form.empty"));
	const empty = fields.find((f) => !f.control.value);
	empty?.control.focus();
	return !empty;
}

function password(app)
{
	const old = secret("password", "account.old", "", "current-password");
	const code = codeField(t("factor.signinHint"));
	const fresh = secret("new", "account.new", t("account.newHint"),
		"new-password");
	const again = secret("again", "account.again", "", "new-password");

	for (const f of [old, code, fresh, again])
		f.node.classList.add("wide");
	return el("section", { class: "card narrow" },
		el("h2", {}, t("account.password")),
		form(async () => {
			if (!filled(old, fresh, again))
				return;
			const length = fresh.control.value.length;
			fresh.fail(length < 10 ? t("account.short") : "");
			const same = fresh.control.value === again.control.value;
			again.fail(same ? "" : t("account.differ"));
			if (length < 10 || !same)
				return;
			await api.setPassword({ password: old.control.value,
				code: code.control.value.trim(),
				new: fresh.control.value });
			app.session.first = false;
			await app.refresh();
			tell(t("account.passwordSet"));
		}, old.node, code.node, fresh.node, again.node,
		el("button", { class: "main", type: "submit" },
			t("account.setPassword"))));
}

const factor = () => el("section", { class: "card narrow" },
	el("h2", {}, t("account.factor")), newFactor());

// The way to a new second factor; after: what is done once it is in use; first:
// there is none yet.
export function newFactor(after = () => {}, first = false)
{
	const place = el("div", {});
	const show = el("button", { type: "button", on: { click: async () => {
		const made = await api.newFactor();
		fill(place, confirm(made, place, after, first));
		place.querySelector("input")?.focus();
	} } }, t("account.newFactor"));

	return [el("p", {}, t("account.factorText")), show, place];
}

function confirm(made, place, after, first)
{
	const fresh = codeField(t("account.newCodeHint"));
	const old = secret("factor-password", "signin.password", "",
		"current-password");
	const code = codeField(t("account.oldCodeHint"));

	fresh.node.querySelector("label").textContent = t("account.newCode");
	for (const f of [old, code, fresh])
		f.node.classList.add("wide");
	return form(async () => {
		if (!filled(fresh, old))
			return;
		await api.setFactor({ password: old.control.value,
			code: code.control.value.trim(),
			new_code: fresh.control.value.trim() });
		fill(place, el("p", { class: "told" }, t("account.factorSet")));
		say(t("account.factorSet"));
		after();
	}, qr(made.qr, t("account.scan")),
	el("p", {}, el("code", { class: "break" }, made.uri)),
	fresh.node, old.node, !first && code.node,
	el("button", { class: "main", type: "submit" }, t("account.setFactor")));
}
