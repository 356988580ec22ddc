// requests.js - who asked for what, and what became of it.
import * as api from "../api.js";
import { el, fill, say } from "../dom.js";
import { t } from "../i18n.js";
import * as time from "../time.js";
import { stateBadge, waits } from "../requestline.js";
import { holds } from "./holds.js";

export default async function requests(app)
{
	const [all, drafts] = await Promise.all([api.requests(), api.drafts()]);
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
		drafts.length > 0 && draftCard(drafts),
		groups.length === 0 && el("p", { class: "card" },
			t("requests.none")),
		groups.map(([title, list]) => el("section", { class: "card" },
			el("h2", {}, `${t(title)} (${list.length})`),
			table(list))),
		await holds(app, await api.cameras())) };
}

// What one has begun to write: on the appliance, told to nobody else.
function draftCard(all)
{
	const list = el("ul", { class: "list", id: "drafts" });
	const title = el("h2", {}), wrong = el("p", { role: "alert" });
	const shown = () => {
		title.textContent = `${t("draft.title")} (${all.length})`;
		fill(list, all.map(line));
	};
	const renew = async () => {
		all = await api.drafts();
		shown();
		if (!all.length && !wrong.textContent)
			title.parentNode.remove();
	};
	const drop = async (d) => {
		wrong.textContent = "";
		try {
			await api.discardDraft(d);
			say(t("draft.discarded"));
		} catch (problem) {	// changed meanwhile: it is shown anew
			wrong.textContent = problem.sentence ?? String(problem);
		}
		await renew();
		(list.isConnected && list.querySelector("a") ||
			document.getElementById("main")).focus();
	};
	const line = (d) => el("li", { "data-draft": d.id },
		el("div", { class: "between" }, el("span", { class: "num" },
			t("draft.line", { time: time.stamp(
				time.instant(d.saved)) })),
		el("span", { class: "row" }, el("a", { class: "button main",
			href: "/find?draft=" + d.id }, t("draft.continue")),
		el("button", { type: "button", on: { click: () => drop(d).catch((p) => {
			wrong.textContent = p.sentence;
		}) } },
		t("draft.discard")))),
		d.from && d.to && el("div", { class: "num" }, time.span(
			time.instant(d.from), time.instant(d.to))),
		el("div", { class: "soft" }, [d.cameras.join(", "), d.case,
			d.reason].filter(Boolean).join(" \u00b7 ")));

	shown();
	return el("section", { class: "card" }, title, el("p", { class: "soft" },
		t("draft.text")), wrong, list);
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
