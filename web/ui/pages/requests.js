// requests.js - who asked for what, and what became of it.
import * as api from "../api.js";
import { el } from "../dom.js";
import { t } from "../i18n.js";
import * as time from "../time.js";
import { stateBadge, waits } from "../requestline.js";
import { holds } from "./holds.js";

export default async function requests()
{
	const all = await api.requests();
	const groups = [
		["requests.decide", all.filter((r) => r.may_decide)],
		["requests.mine", all.filter((r) => r.mine)],
		["requests.others", all.filter((r) => !r.mine && !r.may_decide)],
	].filter(([, list]) => list.length);

	return { title: t("requests.title"), node: el("div", {},
		el("div", { class: "between" },
			el("h1", {}, t("requests.title")),
			el("a", { class: "button main", href: "/find" },
				t("requests.new"))),
		groups.length === 0 && el("p", { class: "card" },
			t("requests.none")),
		groups.map(([title, list]) => el("section", { class: "card" },
			el("h2", {}, `${t(title)} (${list.length})`),
			table(list))),
		await holds(await api.cameras())) };
}

const table = (list) => el("div", { class: "tables", tabindex: 0,
	role: "region", "aria-label": t("requests.title") }, el("table", {},
	el("thead", {}, el("tr", {}, ["request", "range", "cameras", "who",
		"case", "state"].map((h) => el("th", { scope: "col" },
		t("column." + h))))),
	el("tbody", {}, list.map((r) => el("tr", {},
		el("td", { class: "tight num" }, el("a",
			{ href: "/requests/" + r.id }, r.id)),
		el("td", { class: "num" }, time.span(time.instant(r.from),
			time.instant(r.to))),
		el("td", {}, r.cameras.join(", ")),
		el("td", {}, r.requester), el("td", {}, r.case),
		el("td", {}, stateBadge(r), " ", waits(r)))))));
