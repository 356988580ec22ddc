// requestline.js - a request in a list: its number, state, window and who asked.
import { el } from "./dom.js";
import { t } from "./i18n.js";
import * as time from "./time.js";

const look = { submitted: "wait", approved: "good", shortened: "good",
	refused: "bad", revoked: "bad", expired: "", closed: "" };

export const stateBadge = (r) => el("span",
	{ class: "badge " + (look[r.state] ?? "") }, t("state." + r.state));

// Nobody has decided for days: whoever may is reminded (storage enters it).
export const waits = (r) => r.waits_days > 0 && el("span",
	{ class: "badge bad" }, t("request.waitsDays",
		{ n: r.waits_days }));

export const open = (r) => r.state === "approved" || r.state === "shortened";

export const requestLine = (r) => [
	el("div", { class: "between" },
		el("a", { href: "/requests/" + r.id, class: "num" }, r.id),
		el("span", {}, stateBadge(r), " ", waits(r))),
	el("div", { class: "num" }, time.span(time.instant(r.from),
		time.instant(r.to))),
	el("div", { class: "soft" }, t("request.line", { who: r.requester,
		cameras: r.cameras.join(", "), case: r.case })),
];
