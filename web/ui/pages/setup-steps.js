// setup-steps.js - the rest of set-up, by the first operator: left and gone on
// with as one likes; the address says at which step. It ends with an entry.
import * as api from "../api.js";
import { badge, el, fill, say } from "../dom.js";
import { form, textField } from "../fields.js";
import { bytes, length, number, t } from "../i18n.js";
import * as time from "../time.js";
import { newFactor } from "./account.js";
import { wizard } from "./camera-add.js";

const DAYS = 185;	// six months and the day after, at most
const SPARE = 1.15;	// bit rates vary
const CLOCK_LIMIT = 60e3;

// name, is it done?, what it shows
const all = [
	["factor", (s) => s.me?.factor, factorStep],
	["time", (s) => s.status.clock.state === "synchronised", timeStep],
	["disks", (s) => fits(s) || accepted(s), disksStep],
	["custodians", (s) => s.status.setup.custodians > 1, custodianStep],
	["camera", (s) => s.cameras.some((c) => c.last_proved), cameraStep],
	["finish", (s) => s.status.setup.state === "over", finishStep],
];

export default async function steps(app)
{
	const asked = new URLSearchParams(location.search);
	const s = { app, nav: el("ol", { class: "steps" }),
		card: el("section", { class: "card", id: "step" }),
		plan: { cameras: count(asked.get("cameras"), 16),
			mbit: count(asked.get("mbit"), 4) },
		wizard: null };

	await look(s);
	if (s.status.setup.state === "over")
		return over();
	const first = all.find(([, done]) => !done(s))?.[0] ?? "finish";
	show(s, all.some(([name]) => name === asked.get("step")) ?
		asked.get("step") : first, false);
	return { title: t("setup.title"), leave: () => s.wizard?.leave(),
		node: el("div", {}, el("h1", {}, t("setup.title")),
			el("p", { class: "soft" }, t("setup.leave")),
			el("div", { class: "stepper" },
				el("nav", { "aria-label": t("setup.title") },
					s.nav), s.card)) };
}

const over = () => ({ title: t("setup.title"), node: el("section",
	{ class: "card" }, el("h1", {}, t("setup.title")),
	el("p", { class: "told good" }, t("setup.over")),
	el("p", {}, el("a", { href: "/" }, t("nav.home")))) });

const count = (text, otherwise) => Number(text) > 0 ? Number(text) : otherwise;

async function look(s)
{
	const [status, cameras, people] = await Promise.all([api.status(),
		api.cameras(), api.people()]);

	s.status = status;
	s.cameras = cameras;
	s.me = people.find((p) => p.user === s.app.session.user);
	list(s);
}

function list(s)
{
	fill(s.nav, all.map(([name, done], i) => el("li", {}, el("button", {
		type: "button", name: "step", value: name,
		"aria-current": name === s.step ? "step" : null,
		on: { click: () => show(s, name, true) } },
	el("span", { class: "badge " + (done(s) ? "good" : "wait") },
		`${i + 1}. ${t("setup.step." + name)}`),
	el("span", { class: "unseen" }, " " +
		t(done(s) ? "setup.done" : "setup.todo"))))));
}

function show(s, name, focus)
{
	const [, , draw] = all.find(([n]) => n === name);

	s.wizard?.leave();
	s.wizard = null;
	s.step = name;
	note(s);
	list(s);
	fill(s.card, el("h2", { tabindex: -1 }, t("setup.step." + name)),
		draw(s), name !== "finish" && el("p", { class: "next" },
			el("button", { type: "button", class: "main",
				name: "next-step", on: { click: () => show(s,
					all[all.findIndex(([n]) => n === name) +
						1][0], true) } },
			t("setup.next"))));
	if (focus)
		s.card.querySelector("h2").focus();
}

const note = (s) => s.app.note("/setup?" + new URLSearchParams(
	{ step: s.step, ...s.plan }));

// --- the steps ---

function factorStep(s)
{
	return [el("p", {}, t("setup.factorText")),
		s.me?.factor ? el("p", { class: "told good" },
			t("setup.factorThere")) : newFactor(() => look(s), true)];
}

const fact = (label, ...value) => [el("dt", {}, label),
	el("dd", { class: "num" }, value)];

// The zone is part of each promise of the log: chosen at the console, shown.
function timeStep(s)
{
	const synced = s.status.clock.state === "synchronised";
	const apart = Math.abs(s.app.skew);

	return [el("p", {}, t("setup.timeText")),
		el("dl", { class: "facts" },
			fact(t("setup.zone"), s.status.zone),
			fact(t("health.now"),
				time.stamp(time.instant(s.status.now))),
			fact(t("setup.source"), badge(synced,
				t("clock." + s.status.clock.state))),
			fact(t("health.yourClock"), badge(apart < CLOCK_LIMIT,
				t("health.apart", { length: length(apart) })))),
		!synced && el("p", { class: "told" }, t("setup.noSource"), " ",
			el("code", {}, "timedatectl set-ntp true")),
		el("p", { class: "soft" }, t("setup.zoneWrong"), " ",
			el("code", { class: "break" },
				"systemctl stop saqta-storage; " +
				"saqta setup zone ZONE; " +
				"systemctl start saqta-storage"))];
}

const need = (s) => Math.ceil(s.plan.cameras * s.plan.mbit * 125e3 * 86400 *
	DAYS * SPARE);
const holds = (s) => s.status.forecast?.capacity_bytes ?? 0;
const fits = (s) => need(s) <= holds(s);
const accepted = (s) => s.status.setup.accepted_bytes >= need(s) * 0.999;
const daysThatFit = (s) => Math.floor(holds(s) / (need(s) / DAYS));

function disksStep(s)
{
	const told = el("div", { "aria-live": "polite" });
	const cameras = planField(s, "cameras", 1, 1000, 1);
	const mbit = planField(s, "mbit", 0.1, 200, 0.1);

	for (const f of [cameras, mbit])
		f.control.addEventListener("input", () => {
			const value = f.control.valueAsNumber;
			if (!(value > 0))
				return;
			s.plan[f.control.name] = value;
			note(s);
			list(s);
			fill(told, verdict(s));
		});
	fill(told, verdict(s));
	return [el("p", {}, t("setup.disksText")), volumes(s),
		el("div", { class: "row top" }, cameras.node, mbit.node), told];
}

const planField = (s, name, min, max, step) => textField(t("setup." + name),
	{ name, type: "number", min, max, step, size: 6,
		value: s.plan[name] });

const volumes = (s) => el("table", { id: "volumes" },
	el("thead", {}, el("tr", {}, ["path", "free", "size"].map((key) =>
		el("th", { scope: "col" }, t("volume." + key))))),
	el("tbody", {}, s.status.storage.volumes.map((v) => el("tr", {},
		el("td", {}, el("code", {}, v.path)),
		el("td", { class: "num" }, bytes(v.free_bytes)),
		el("td", { class: "num" }, bytes(v.total_bytes))))));

function verdict(s)
{
	const facts = { need: bytes(need(s)), capacity: bytes(holds(s)),
		cameras: number(s.plan.cameras), n: daysThatFit(s),
		days: number(daysThatFit(s)) };

	if (fits(s))
		return el("p", { class: "told good", id: "fit" },
			t("setup.fits", facts));
	return [el("p", { class: "told bad", id: "fit" },
		t("setup.sum", facts), " ",
		el("strong", {}, t("setup.daysFit", facts))),
	accepted(s) ? el("p", { class: "told" }, t("setup.accepted")) :
		accepting(s)];
}

// In writing: the words and the numbers go into the ledger.
function accepting(s)
{
	const reason = textField(t("setup.reason"), { name: "reason",
		size: 60, maxlength: 300 }, t("setup.reasonHint"));

	return form(async () => {
		const text = reason.control.value.trim();
		reason.fail(text.length > 2 ? "" : t("form.empty"));
		if (text.length < 3)
			return reason.control.focus();
		await api.setupCapacity({ reason: text,
			cameras: s.plan.cameras,
			kbit_s: Math.ceil(s.plan.mbit * 1000) });
		await look(s);
		show(s, "disks", true);
		say(t("setup.accepted"));
	}, el("p", {}, t("setup.moreRoom"), " ",
		el("code", { class: "break" }, "chown saqta-storage: " +
			"/srv/saqta/DISK; saqta volume add /srv/saqta/DISK")),
	reason.node, el("button", { name: "accept" }, t("setup.accept")));
}

function custodianStep(s)
{
	const n = s.status.setup.custodians;

	if (n > 1)
		return el("p", { class: "told good" },
			t("setup.custodians", { n, number: number(n) }));
	return [el("p", {}, t("setup.alone")),
		el("p", { class: "told" }, t("setup.aloneHow")),
		el("p", {}, el("code", { class: "break" },
			"saqta user add --role custodian --by FIRST " +
			"--user SECOND")),
		el("p", { class: "soft" }, t("setup.aloneLater"))];
}

function cameraStep(s)
{
	const proved = s.cameras.filter((c) => c.last_proved);

	s.wizard = wizard(s.app, () => look(s).catch(() => {}));
	return [proved.length > 0 && el("p", { class: "told good" },
		t("setup.proved", { cameras: proved.map((c) => c.name)
			.join(", ") })), s.wizard.node];
}

const missing = (s) => all.filter(([name, done]) => name !== "finish" &&
	!done(s)).map(([name]) => name);

function finishStep(s)
{
	const alone = s.status.setup.custodians < 2;
	const reason = textField(t("setup.aloneReason"), { name: "reason",
		size: 60, maxlength: 300 }, t("setup.reasonHint"));
	const open = missing(s);

	return form(async () => {
		const text = alone ? reason.control.value.trim() : "";
		reason.fail(alone && text.length < 3 ? t("form.empty") : "");
		if (alone && text.length < 3)
			return reason.control.focus();
		try {
			await api.setupFinish(text);
		} catch (problem) {
			await look(s);
			if (!missing(s).includes("camera"))
				throw problem;
			throw { sentence: t("setup.open.camera") };
		}
		s.app.site.setup = "over";
		await s.app.go("/");
		say(t("setup.over"));
	}, el("p", {}, t("setup.finishText")),
	open.length > 0 && el("ul", { id: "open" }, open.map((name) =>
		el("li", {}, t("setup.open." + name)))),
	alone && reason.node,
	el("button", { class: "main", name: "finish" }, t("setup.finish")));
}
