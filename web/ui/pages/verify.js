// verify.js - check an evidence package in this browser; nothing is sent.
import { el } from "../dom.js";
import { lang, t } from "../i18n.js";
import { showVerifier } from "../verify/show.js";

export default function verify()
{
	const root = el("section", { class: "card" });

	showVerifier(root, lang());
	return { title: t("nav.verify"), node: el("div", {},
		el("h1", {}, t("nav.verify")), root) };
}
