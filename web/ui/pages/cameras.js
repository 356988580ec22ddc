// cameras.js - the operator's cameras: what each one does, switched on or off,
// and the way to a new one (camera-add.js).
import * as api from "../api.js";
import { el, fill, say } from "../dom.js";
import { sortBy, t } from "../i18n.js";
import { badge } from "./health.js";
import { wizard } from "./camera-add.js";
import * as time from "../time.js";
import { causeText } from "../timeline.js";

const EVERY = 5e3;

export default async function cameras(app)
{
	const list = el("div", {});
	const add = wizard(app, () => renew());
	const renew = async () => fill(list, table(await api.cameras(), act));
	const act = async (c) => {
		try {
			await api.switchCamera(c.id, !c.enabled);
			say(t(c.enabled ? "cameras.isOff" : "cameras.isOn",
				{ camera: c.name }));
		} catch (problem) {
			say(problem.sentence ?? String(problem));
		}
		await renew();
		list.querySelector(`[data-camera="${c.id}"]`)?.focus();
	};

	await renew();
	const timer = setInterval(() => calm(list) &&
		renew().catch(() => {}), EVERY);
	return { title: t("cameras.title"),
		node: el("div", {}, el("h1", {}, t("cameras.title")),
			el("section", { class: "card" }, list),
			el("section", { class: "card" }, add.node)),
		leave: () => { clearInterval(timer); add.leave(); } };
}

// Nothing is renewed under the hands of somebody.
const calm = (list) => !list.contains(document.activeElement);

function table(cameras, act)
{
	if (!cameras.length)
		return el("p", {}, t("health.noCameras"));
	return el("div", { class: "tables", tabindex: 0, role: "region",
		"aria-label": t("cameras.title") }, el("table", {},
		el("thead", {}, el("tr", {}, ["camera", "atm", "state", "url",
			"switch"].map((h) => el("th", { scope: "col" },
			t("column." + h))))),
		el("tbody", {}, sortBy(cameras, (c) => c.atm + c.name)
			.map((c) => row(c, act)))));
}

function device(c)
{
	const now = c.devices.find((d) => d.to === null);

	return now?.device && el("div", { class: "soft" }, now.device);
}

const row = (c, act) => el("tr", {},
	el("td", {}, c.name, el("br"), el("small", {}, c.id)),
	el("td", {}, [c.atm, c.place].filter(Boolean).join(", ")),
	el("td", {}, c.retired ? t("camera.retired",
		{ time: time.dateText(time.instant(c.retired)) }) :
		badge(c.state === "recording", t("camera." + c.state)),
	!c.retired && c.cause !== "none" && c.state !== "recording" &&
			el("div", {}, causeText(c.cause)),
	!c.retired && c.detail && el("div", { class: "soft" }, c.detail)),
	el("td", {}, el("code", {}, c.url), device(c)),
	el("td", {}, !c.retired && el("button", { type: "button", "data-camera": c.id,
		on: { click: () => act(c) } },
	t(c.enabled ? "act.off" : "act.on"),
	el("span", { class: "unseen" }, " " + c.name))));
