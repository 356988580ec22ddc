// cameras.js - what each camera does. Operators switch it, look through it for
// some minutes (camera-aim.js) and add new ones (camera-add.js); custodians
// open a camera to be looked through.
import * as api from "../api.js";
import { badge, el, fill, tell } from "../dom.js";
import { inOrder, t } from "../i18n.js";
import { aiming, keypadBadge, opening } from "./camera-aim.js";
import { zones } from "./camera-zones.js";
import { wizard } from "./camera-add.js";
import * as time from "../time.js";
import { causeText } from "../timeline.js";

const EVERY = 5e3;

export default async function cameras(app)
{
	const mine = app.session.role === "operator";
	const s = { app, mine, list: el("div", {}), below: el("div", {}),
		all: [], leave: () => {} };
	const add = mine ? wizard(app, () => renew(s)) : null;

	await renew(s);
	const still = app.every(EVERY, async () => calm(s.list) &&
		renew(s, true));
	return { title: t("cameras.title"), wide: mine,
		node: el("div", {}, el("h1", {}, t("cameras.title")),
			el("section", { class: "card" }, s.list), s.below,
			add && el("section", { class: "card" }, add.node)),
		leave: () => {
			still();
			s.leave();
			add?.leave();
		} };
}

// Nothing is renewed under the hands of somebody.
const calm = (list) => !list.contains(document.activeElement);

async function renew(s, quiet = false)
{
	s.all = await api.cameras(quiet);
	// what he did to the camera himself does not make his zones stale
	const now = s.all.find((x) => x.id === s.covered?.id);
	if (now && JSON.stringify(now.zones) === JSON.stringify(s.covered.zones))
		s.covered.etag = now.etag;
	fill(s.list, table(s));
}

const focus = (s, id) =>
	s.list.querySelector(`[data-camera="${id}"]`)?.focus();

async function toggle(s, c)
{
	try {
		await api.switchCamera(c, !c.enabled);
		tell(t(c.enabled ? "cameras.isOff" : "cameras.isOn",
			{ camera: c.name }));
	} catch (problem) {
		tell(problem.sentence ?? String(problem));
	}
	await renew(s);
	focus(s, c.id);
}

export const lookUntil = (c) => c?.aim_until ? time.instant(c.aim_until) : 0;

// Look through a camera, or let operators do so: below the list.
function look(s, c)
{
	s.leave();
	s.leave = () => {};
	if (s.mine) {
		const panel = aiming(s.app, c, () =>
			lookUntil(s.all.find((x) => x.id === c.id)),
		() => renew(s));
		s.leave = panel.leave;
		fill(s.below, panel.node);
	} else {
		fill(s.below, opening(c, async () => {
			fill(s.below);
			await renew(s);
			focus(s, c.id);
		}));
	}
	s.below.querySelector("h2").focus();
}

// What views of it cover; an operator may draw over an aiming picture.
function cover(s, c)
{
	s.leave();
	const panel = zones(c, s.mine && lookUntil(c) > s.app.now() ?
		() => api.picture(c.id) : null, () => lookUntil(s.all.find((x) =>
		x.id === c.id)) <= s.app.now(), () => renew(s));

	s.covered = c;
	s.leave = panel.leave;
	fill(s.below, panel.node);
	s.below.querySelector("h2").focus();
}

function table(s)
{
	const columns = ["camera", "atm", "state", s.mine && "url",
		s.mine && "switch", "aim", "zones"].filter(Boolean);

	if (!s.all.length)
		return el("p", {}, t("health.noCameras"));
	return el("div", { class: "tables", tabindex: 0, role: "region",
		"aria-label": t("cameras.title") }, el("table", {},
		el("thead", {}, el("tr", {}, columns.map((h) =>
			el("th", { scope: "col" }, t("column." + h))))),
		el("tbody", {}, inOrder(s.all)
			.map((c) => row(s, c)))));
}

function device(c)
{
	const now = c.devices.find((d) => d.to === null);

	return now?.device && el("div", { class: "soft" }, now.device);
}

const state = (c) => el("td", {},
	c.retired ? t("camera.retired",
		{ time: time.dateText(time.instant(c.retired)) }) :
		badge(c.state === "recording", t("camera." + c.state)),
	!c.retired && c.cause !== "none" && c.state !== "recording" &&
		el("div", {}, causeText(c.cause)),
	!c.retired && c.detail && el("div", { class: "soft" }, c.detail),
	!c.retired && keypadBadge(c));

const press = (name, c, text, act) => el("button", { type: "button",
	[name]: c.id, on: { click: act } }, text,
el("span", { class: "unseen" }, " " + c.name));

// Who may look is shown the way; until when, where somebody may.
function aim(s, c)
{
	const open = lookUntil(c) > s.app.now();

	return el("td", {}, !c.retired && (open || !s.mine) &&
		press("data-aim", c, t(s.mine ? "aim.act" : "aim.open"),
			() => look(s, c)),
	!c.retired && el("div", { class: "soft num" }, open ?
		t("aim.until", { time: time.timeText(lookUntil(c)) }) :
		s.mine && t("aim.closed")));
}

const zonesOf = (s, c) => el("td", {}, !c.retired && press("data-zones", c,
	t("zones.act"), () => cover(s, c)),
!c.retired && c.zones.length > 0 && el("div", { class: "soft" },
	t("zones.count", { n: c.zones.length })));

const row = (s, c) => el("tr", {},
	el("td", {}, c.name, el("br"), el("small", { class: "id" }, c.id)),
	el("td", {}, [c.atm, c.place].filter(Boolean).join(", ")),
	state(c),
	s.mine && el("td", {}, el("code", {}, c.url), device(c)),
	s.mine && el("td", {}, !c.retired && press("data-camera", c,
		t(c.enabled ? "act.off" : "act.on"), () => toggle(s, c))),
	aim(s, c), zonesOf(s, c));
