// about.js - what this is, what it proves and what it does not.
import { el } from "../dom.js";
import { t } from "../i18n.js";
import { keyTable } from "./help.js";

export default function about(app)
{
	return { title: t("about.title"), node: el("div", {},
		el("h1", {}, t("about.title")),
		el("section", { class: "card" },
			el("p", {}, t("about.what")),
			el("p", {}, t("about.rule")),
			el("p", {}, t("about.people")),
			el("p", { class: "soft" }, t("about.version",
				{ version: app.session.version,
					site: app.session.site }))),
		el("div", { class: "cols" },
			el("section", { class: "card" },
				el("h2", {}, t("about.proves")),
				el("ul", {}, [1, 2, 3, 4].map((n) =>
					el("li", {}, t("about.proof" + n))))),
			el("section", { class: "card" },
				el("h2", {}, t("about.not")),
				el("ul", {}, [1, 2, 3].map((n) =>
					el("li", {}, t("about.not" + n)))))),
		el("section", { class: "card" },
			el("h2", {}, t("about.keys")), keyTable())) };
}
