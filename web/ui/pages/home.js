// home.js - what waits for me, and is all recorded? The way to the problem.
import * as api from "../api.js";
import { el } from "../dom.js";
import { number, t } from "../i18n.js";
import { cameraTable } from "./health.js";
import { requestLine } from "./requests.js";

export default async function home(app)
{
	const seer = app.session.role !== "operator";
	const [status, cameras, requests] = await Promise.all([api.status(),
		api.cameras(), seer ? api.requests() : []]);
	const waiting = requests.filter((r) => r.may_decide);
	const mine = requests.filter((r) => r.mine).slice(0, 5);

	return { title: t("home.title"), node: el("div", {},
		el("h1", {}, t("home.hello", { name: app.session.user })),
		recordingNow(status),
		seer && el("div", { class: "cols" },
			app.session.role === "custodian" &&
				list(t("home.waiting"), waiting,
					t("home.nothingWaits")),
			list(t("home.mine"), mine, t("home.noneMine"),
				el("p", {}, el("a", { class: "button main",
					href: "/find" }, t("home.find"))))),
		el("section", { class: "card" },
			el("h2", {}, t("health.cameras")),
			cameraTable(cameras, app.now()))) };
}

function recordingNow({ cameras, storage })
{
	const well = cameras.recording === cameras.enabled &&
		cameras.enabled > 0;

	return el("p", { class: "told " + (well ? "good" : "bad") },
		t(well ? "home.well" : "home.notWell", { n: cameras.recording,
			recording: number(cameras.recording),
			enabled: number(cameras.enabled) }), " ",
		!well && el("a", { href: "/health" }, t("home.toHealth")),
		storage.state !== "ok" && " " + t("storage.full"));
}

const list = (title, requests, none, more = null) => el("section",
	{ class: "card" }, el("h2", {}, title),
	requests.length ? el("ul", { class: "list" },
		requests.map((r) => el("li", {}, requestLine(r)))) :
		el("p", { class: "soft" }, none), more);
