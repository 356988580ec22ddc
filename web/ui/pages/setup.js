// setup.js - the first page of a new box: is it the right one, the code of the
// console, and the first operator. Nothing else answers before.
import * as api from "../api.js";
import { el, fill } from "../dom.js";
import { field, form, textField } from "../fields.js";
import { lang, languages, t } from "../i18n.js";

// Kept while one chooses a language; a page that is loaded anew asks again.
let known = "";

export default function setup(app)
{
	const place = el("div", {});

	fill(place, known ? operator(app) : [speaking(app), right(app),
		code(app, place)]);
	return { title: t("setup.title"), node: el("div", { class: "setup" },
		el("h1", {}, t("setup.title")),
		el("p", { class: "soft" }, t("setup.hello")), place) };
}

const speaking = (app) => el("section", { class: "card" },
	el("h2", {}, t("setup.language")),
	el("div", { class: "row" }, languages.map(([code], i) =>
		el("button", { type: "button", lang: code, name: "speak",
			value: code, "aria-pressed": String(code === lang()),
			on: { click: () => app.speak(code) } },
		["\u049a\u0430\u0437\u0430\u049b\u0448\u0430",
			"\u0420\u0443\u0441\u0441\u043a\u0438\u0439",
			"English"][i]))));

// 32 pairs in four rows, as two people read them to each other.
const rows = (text) => text.match(/.{1,24}/g) ?? [];

// A person compares: the console, this page, and what the browser got.
const right = (app) => el("section", { class: "card" },
	el("h2", {}, t("setup.right")),
	el("p", {}, t("setup.rightText")),
	el("p", { id: "fingerprint", class: "fingerprint" },
		rows(app.site.certificate).map((row) => el("code", {}, row))),
	el("details", {}, el("summary", {}, t("setup.rightHow")),
		el("p", { class: "soft" }, t("setup.rightBrowser"))));

function code(app, place)
{
	const typed = textField(t("setup.code"), { name: "setup-code", size: 18,
		maxlength: 20, autocapitalize: "characters",
		placeholder: "XXXX-XXXX-XXXX", "data-first": true },
	t("setup.codeHint"));

	return el("section", { class: "card" }, el("h2", {}, t("setup.enter")),
		form(async () => {
			const value = typed.control.value.trim();
			typed.fail(value ? "" : t("form.empty"));
			if (!value)
				return typed.control.focus();
			try {
				await api.setupCode(value);
			} catch (problem) {
				typed.control.select();
				throw problem;
			}
			known = value;
			fill(place, operator(app));
			place.querySelector("input").focus();
		}, typed.node, el("button", { class: "main", name: "code" },
			t("setup.next"))));
}

const secret = (name, label, hint) => field(label, el("input", { name,
	type: "password", size: 24, autocomplete: "new-password" }), hint);

function operator(app)
{
	const user = textField(t("signin.user"), { name: "new-user", size: 18,
		maxlength: 32, autocapitalize: "none" }, t("setup.userHint"));
	const name = textField(t("column.name"), { name: "new-name", size: 28,
		maxlength: 60 });
	const fresh = secret("new-password", t("signin.password"),
		t("account.newHint"));
	const again = secret("again", t("setup.again"), "");
	const all = [user, name, fresh, again];

	return el("section", { class: "card" }, el("h2", {}, t("setup.operator")),
		form(async () => {
			if (!filled(all, user, fresh, again))
				return;
			const body = { user: user.control.value.trim(),
				name: name.control.value.trim(),
				password: fresh.control.value };
			await api.setupOperator({ code: known, ...body });
			known = "";
			const session = await api.signIn(body.user,
				body.password, "");
			app.site.setup = "steps";
			history.replaceState(null, "", "/");
			await app.signedIn(session);
		}, el("p", { class: "soft" }, t("setup.operatorText")),
		el("div", { class: "row top" }, user.node, name.node),
		el("div", { class: "row top" }, fresh.node, again.node),
		el("button", { class: "main", name: "operator" },
			t("setup.make"))));
}

// Say what is wrong with what was typed; true where nothing is.
function filled(all, user, fresh, again)
{
	const password = fresh.control.value;

	for (const f of all)
		f.fail(f.control.value.trim() ? "" : t("form.empty"));
	if (user.control.value &&
	    !/^[a-z0-9][a-z0-9._-]{1,31}$/.test(user.control.value.trim()))
		user.fail(t("setup.userHint"));
	if (password && password.length < 10)
		fresh.fail(t("account.short"));
	if (again.control.value && again.control.value !== password)
		again.fail(t("account.differ"));
	const wrong = all.find((f) => f.node.querySelector(".error")
		.textContent);
	wrong?.control.focus();
	return !wrong;
}
