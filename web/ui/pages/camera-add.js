// camera-add.js - a new camera in three steps: look at it, say where it hangs,
// see where it looks and the proof that it is recorded. Nothing is added that
// was not looked at.
import * as api from "../api.js";
import { el, fill, say } from "../dom.js";
import { field, form, textField } from "../fields.js";
import { length, number, t } from "../i18n.js";
import { offset } from "./health.js";
import * as time from "../time.js";
import { aiming } from "./camera-aim.js";
import { finder } from "./camera-find.js";

const EVERY = 2e3;
const PROOF = 90e3;	// so long at most, says ux.md; then it says what is wrong

export function wizard(app, added)
{
	const node = el("div", {});
	const state = { timer: 0, aim: null };
	const leave = () => {
		clearInterval(state.timer);
		state.aim?.leave();
		state.aim = null;
	};
	const begin = () => {
		leave();
		fill(node, el("h2", {}, t("add.title")),
			lookStep((seen, device) => whereStep(node, seen, device,
				(id) => {
					added();
					proof(app, node, id, state, begin,
						added);
				})));
	};

	begin();
	return { node, leave };
}

// --- what is it ---

function lookStep(next)
{
	const url = textField(t("add.url"), { name: "url", size: 42,
		placeholder: "rtsp://192.168.1.20:554/stream1" },
	t("add.urlHint"));
	const user = textField(t("signin.user"), { name: "camera-user",
		size: 16 });
	const password = textField(t("signin.password"), {
		name: "camera-password", type: "password", size: 16,
		autocomplete: "new-password" });
	const transport = field(t("add.transport"), el("select",
		{ name: "transport" },
		el("option", { value: "tcp" }, t("add.tcp")),
		el("option", { value: "udp" }, t("add.udp"))));
	const result = el("div", { "aria-live": "polite" });
	let device = "";
	const login = () => ({ url: url.control.value.trim(),
		transport: transport.control.value,
		user: user.control.value, password: password.control.value });

	const node = form(async () => {
		url.fail(login().url ? "" : t("form.empty"));
		if (!login().url)
			return url.control.focus();
		const asked = login();
		fill(result, el("p", { class: "told" }, t("add.looking")));
		try {
			const seen = await api.probe(asked);
			fill(result, seen.error ? whyNot(seen) : whatItIs(seen,
				() => next({ ...asked, certificate:
					seen.certificate ?? "" }, device)));
			result.querySelector("button")?.focus();
		} catch (problem) {
			fill(result);
			throw problem;
		}
	}, el("p", { class: "soft" }, t("add.lookText")), url.node,
	el("div", { class: "row top" }, user.node, password.node,
		transport.node),
	el("p", {}, el("button", { name: "look" }, t("act.look"))), result);
	return el("div", {}, node, finder(login, (found, name) => {
		url.control.value = found;
		device = name;
		url.control.focus();
	}));
}

// The code in the reader's language; the camera's own words below it.
export function whyNot(seen)
{
	const key = `probe.${seen.error}.${seen.host}`;
	const text = seen.error === "no-answer" && seen.host ? t(key) :
		t("probe." + seen.error);

	return el("div", { class: "told bad", role: "alert" },
		el("strong", { id: "why-not" }, text),
		el("div", { class: "soft" }, seen.message));
}

const fact = (key, value) => [el("dt", {}, t(key)),
	el("dd", { class: "num" }, value)];

const codecs = { h264: "H.264", h265: "H.265" };

const whatItIs = (seen, next) => el("div", { class: "told good" },
	el("strong", {}, t("probe.works")),
	el("dl", { class: "facts", id: "seen" },
		fact("probe.codec", `${codecs[seen.codec] ?? seen.codec} ` +
			seen.profile),
		fact("probe.size", `${seen.width} \u00d7 ${seen.height}`),
		fact("probe.rate", seen.fps === null ? "\u2013" :
			t("probe.fps", { fps: number(seen.fps, 2) })),
		fact("probe.bitrate", seen.bitrate_bps === null ? "\u2013" :
			t("probe.mbit", { n: number(seen.bitrate_bps / 1e6,
				2) })),
		fact("probe.gop", seen.gop_s === null ?
			t("probe.gopLonger", { length:
				length(seen.measured_s * 1e3) }) :
			length(seen.gop_s * 1e3)),
		fact("probe.audio", seen.audio ?
			t("probe.audioDropped", { codec: seen.audio }) :
			t("probe.audioNone")),
		fact("probe.offset", offset(seen.clock_offset_ms)),
		seen.certificate && fact("probe.pin", pin(seen.certificate)),
		fact("probe.plays", plays(seen.plays))),
	el("button", { type: "button", class: "main", name: "next",
		on: { click: next } }, t("act.next")));

// Compared by a person, once; by the recorder ever after.
const pin = (certificate) => [el("code", { id: "pin" }, certificate),
	el("div", { class: "soft" }, t("probe.pinHint"))];

const plays = (p) => Object.entries(p).map(([browser, how]) => el("div", {},
	`${browser[0].toUpperCase()}${browser.slice(1)}: ` +
	t("plays." + how)));

// --- where does it hang ---

async function whereStep(node, seen, known, next)
{
	const taken = (await api.cameras()).filter((c) => !c.retired);
	const where = field(t("add.which"), el("select", { name: "which" },
		el("option", { value: "" }, t("add.new")),
		taken.map((c) => el("option", { value: c.id },
			t("add.replaces", { camera: `${c.name} (${c.id})` })))));
	const device = textField(t("add.device"), { name: "device", size: 30,
		maxlength: 100, value: known }, t("add.deviceHint"));
	const fresh = newPosition();

	where.control.addEventListener("change", () => {
		fresh.node.hidden = where.control.value !== "";
	});
	fill(node, el("h2", {}, t("add.where")), form(async () => {
		const body = { ...seen, device: device.control.value.trim() };
		let id = where.control.value;

		if (id) {
			await api.replaceDevice(taken.find((c) =>
				c.id === id), body);
		} else {
			const position = fresh.read();
			if (!position)
				return;
			await api.addCamera({ ...body, ...position });
			id = position.id;
		}
		say(t("add.done"));
		next(id);
	}, el("p", { class: "soft" }, t("add.whereText"), " ",
		el("code", {}, seen.url)),
	taken.length > 0 && where.node, fresh.node, device.node,
	el("p", {}, el("button", { class: "main", name: "add" },
		t("act.add")))));
	(taken.length ? where.control : fresh.first).focus();
}

function newPosition()
{
	const id = textField(t("add.id"), { name: "id", size: 20,
		maxlength: 32, placeholder: "atm0417-face" }, t("add.idHint"));
	const name = textField(t("add.name"), { name: "camera-name", size: 24 });
	const atm = textField(t("add.atm"), { name: "atm", size: 12 });
	const place = textField(t("add.place"), { name: "place", size: 30 });
	const text = (f) => f.control.value.trim();

	// What was typed, or null after it was said what is missing.
	const read = () => {
		for (const f of [id, name, atm])
			f.fail(text(f) ? "" : t("form.empty"));
		let wrong = [id, name, atm].find((f) => !text(f));
		if (!wrong && !/^[a-z0-9][a-z0-9-]*$/.test(text(id))) {
			id.fail(t("add.idHint"));
			wrong = id;
		}
		wrong?.control.focus();
		return wrong ? null : { id: text(id), name: text(name),
			atm: text(atm), place: text(place) };
	};

	return { read, first: id.control, node: el("div", {},
		el("div", { class: "row top" }, id.node, name.node),
		el("div", { class: "row top" }, atm.node, place.node)) };
}

// --- is it really recorded (P9) ---

// What stands when; in the order in which it becomes true.
const steps = [
	["connected", (c) => ["streaming", "recording"].includes(c.state)],
	["frames", (c) => ["streaming", "recording"].includes(c.state) &&
		(c.cause === "none" || c.state === "recording")],
	["written", (c) => c.recorded_from !== null],
	["encrypted", (c) => c.recorded_from !== null],
	["indexed", (c) => c.last_sealed !== null],
	["readback", (c) => c.last_proved !== null],
];

function proof(app, node, id, state, again, proved)
{
	const begun = Date.now();
	const box = el("div", { "aria-live": "polite" });
	let until = Infinity;
	const renew = async () => {
		const c = (await api.cameras(true)).find((x) => x.id === id);
		until = c.aim_until ? time.instant(c.aim_until) : 0;
		const done = steps.every(([, f]) => f(c));

		fill(box, proofList(c), verdict(c, done, Date.now() - begun));
		if (done) {
			clearInterval(state.timer);
			say(t("proof.done"));
			proved();
		}
	};

	state.aim = aiming(app, { id, name: id, keypad: "unknown" },
		() => until, () => {});
	fill(node, el("h2", { tabindex: -1 }, t("proof.title", { id })), box,
		state.aim.node, el("p", {}, el("button", { type: "button", name: "again",
			on: { click: again } }, t("add.another"))));
	node.querySelector("h2").focus();
	state.timer = setInterval(() => renew().catch(() => {}), EVERY);
	renew().catch(() => {});
}

const proofList = (c) => el("ol", { class: "list", id: "proof" }, steps.map(
	([key, f]) => el("li", { "data-step": key,
		"data-done": String(f(c)) }, el("span",
		{ class: "badge " + (f(c) ? "good" : "wait") },
		t("proof." + key)), el("span", { class: "soft" },
		" " + t(f(c) ? "proof.yes" : "proof.notYet")))));

function verdict(c, done, ms)
{
	if (done)
		return el("p", { class: "told good" }, t("proof.done"), " ",
			el("span", { class: "num" },
				time.stamp(time.instant(c.last_proved))));
	const text = t(ms > PROOF ? "proof.late" : "proof.waits",
		{ length: length(ms) });
	return el("p", { class: "told" + (ms > PROOF ? " bad" : "") }, text,
		c.detail && " " + c.detail);
}
