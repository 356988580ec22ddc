// signin.js - who is there? Stays at the address that was asked for.
import * as api from "../api.js";
import { el } from "../dom.js";
import { codeField, field, form } from "../fields.js";
import { t } from "../i18n.js";

export default function signin(app, why = "")
{
	const user = field(t("signin.user"), el("input", { name: "user",
		autocomplete: "username", "data-first": true, required: true,
		autocapitalize: "none", spellcheck: "false" }));
	const password = field(t("signin.password"), el("input", {
		name: "password", type: "password", required: true,
		autocomplete: "current-password" }));
	const code = codeField(t("factor.signinHint"));
	const asked = location.pathname.startsWith("/watch/") ?
		t("signin.watch") : why;

	user.node.classList.add("wide");
	password.node.classList.add("wide");
	code.node.classList.add("wide");
	const node = form(async () => {
		user.fail(user.control.value ? "" : t("form.empty"));
		password.fail(password.control.value ? "" : t("form.empty"));
		const empty = [user, password].find((f) => !f.control.value);
		if (empty)
			return empty.control.focus();
		try {
			await app.signedIn(await api.signIn(
				user.control.value.trim(),
				password.control.value,
				code.control.value.trim()));
		} catch (problem) {
			const again = problem.name === "second-factor" ?
				code : password;

			code.control.value = again.control.value = "";
			again.control.focus();
			throw problem;
		}
	}, user.node, password.node, code.node,
	el("button", { class: "main", type: "submit" }, t("act.signin")));

	return { title: t("signin.title"), node: el("section",
		{ class: "card narrow" }, el("h1", {}, t("signin.title")),
		el("p", { class: "soft" }, app.site.site),
		asked && el("p", { class: "told" }, asked), node) };
}
