// camera-aim.js - the aiming picture of a camera, and what an operator says of
// the keypad in it. Each look is an act of its own, entered before the picture
// comes; it stands in this page's memory only, and goes with its time.
import * as api from "../api.js";
import { el, fill, tell } from "../dom.js";
import { credential, form, textField } from "../fields.js";
import { t } from "../i18n.js";
import * as time from "../time.js";

export const EVERY = 1e3;

// An operator looks. until(): the instant at which it ends, 0 where it is not
// open; said: called when something was entered.
export function aiming(app, camera, until, said)
{
	const screen = el("div", { "aria-live": "polite" });
	let address = "";
	const drop = () => {
		URL.revokeObjectURL(address);
		address = "";
		fill(screen);
	};
	const look = el("button", { type: "button", name: "aim-look",
		class: "main", on: { click: async () => {
			look.disabled = true;
			try {
				const picture = await api.picture(camera.id);
				drop();
				address = URL.createObjectURL(picture);
				fill(screen, shown(camera, address, app.now()));
			} catch (problem) {
				drop();
				fill(screen, el("p", { class: "told bad",
					role: "alert" }, why(problem)));
			}
			look.disabled = false;
		} } }, t("aim.look"));
	const timer = setInterval(() => {
		if (address && app.now() >= until())
			drop();
	}, EVERY);

	return { leave: () => { clearInterval(timer); drop(); },
		node: el("section", { class: "card", id: "aiming" },
			el("h2", { tabindex: -1 }, t("aim.title",
				{ camera: camera.name })),
			el("p", { class: "soft" }, t("aim.text")),
			el("p", {}, look), screen,
			keypad(camera, said), masking()) };
}

const shown = (camera, src, now) => el("figure", { class: "aim" },
	el("img", { src, alt: t("aim.alt", { camera: camera.name }) }),
	el("figcaption", { class: "num soft" }, time.stamp(now)));

// Why there is no picture.
export function why(problem)
{
	if (problem.name === "approval-required")
		return t("aim.over");
	if (problem.name === "unavailable" || problem.name === "timeout")
		return t("aim.notYet");
	return problem.sentence ?? String(problem);
}

const places = ["outside", "masked", "visible"];

function keypad(camera, said)
{
	const radios = places.map((value) => el("input", { type: "radio",
		name: "keypad", value, checked: camera.keypad === value }));
	const wrong = el("span", { class: "error" });

	return form(async () => {
		const chosen = radios.find((r) => r.checked);

		wrong.textContent = chosen ? "" : t("form.empty");
		if (!chosen)
			return radios[0].focus();
		await api.setKeypad(camera.id, chosen.value);
		camera.keypad = chosen.value;
		tell(t(chosen.value === "visible" ? "keypad.mend" :
			"keypad.entered"));
		said();
	}, el("fieldset", {}, el("legend", {}, t("keypad.ask")),
		places.map((p, i) => el("label", { class: "tick" }, radios[i],
			" " + t("keypad." + p))), wrong),
	el("p", {}, el("button", { name: "keypad-save" }, t("keypad.save"))));
}

const masking = () => el("details", { open: true },
	el("summary", {}, t("mask.title")),
	el("ol", {}, ["open", "find", "cover", "look"].map((k) =>
		el("li", {}, t("mask." + k)))),
	el("p", { class: "soft" }, t("mask.never")));

// A custodian lets operators look, for a reason that is entered.
export function opening(camera, done)
{
	const reason = textField(t("holds.why"), { maxlength: 500,
		name: "aim-reason" });
	const by = credential();

	return el("section", { class: "card", id: "opening" },
		el("h2", { tabindex: -1 }, t("aim.openTitle",
			{ camera: camera.name })),
		el("p", { class: "soft" }, t("aim.openText")),
		form(async () => {
			const text = reason.control.value.trim();

			reason.fail(text.length > 2 ? "" : t("form.empty"));
			if (text.length < 3 || !by.ok())
				return;
			await api.openAim(camera.id,
				{ reason: text, ...by.take() });
			tell(t("aim.opened"));
			done();
		}, reason.node, by.nodes, el("button", { class: "main",
			name: "aim-open" }, t("aim.open"))));
}

// In a list of cameras: what was said of the keypad.
export const keypadBadge = (c) => c.keypad !== "outside" &&
	c.keypad !== "masked" && el("div", {}, el("span",
	{ class: "badge " + (c.keypad === "visible" ? "bad" : "wait") },
	t(c.keypad === "visible" ? "keypad.isVisible" : "keypad.isUnknown")));
