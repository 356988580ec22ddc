// camera-find.js - devices of the network that speak ONVIF, and their streams.
import * as api from "../api.js";
import { el, fill } from "../dom.js";
import { form, textField } from "../fields.js";
import { length, t } from "../i18n.js";
import { whyNot } from "./camera-add.js";

// login() is what stands in the form beside; use(url, device) takes a stream.
export function finder(login, use)
{
	const target = textField(t("search.target"), { name: "target",
		size: 20, placeholder: "192.168.1.0/24" },
	t("search.targetHint"));
	const result = el("div", { "aria-live": "polite" });
	const wait = (key) => fill(result, el("p", { class: "told" }, t(key)));

	const ask = async (address) => {
		wait("search.asking");
		const { user, password } = login();
		const told = await api.onvif({ address, user, password });
		fill(result, told.error ? whyNot(told) : device(told, use));
		result.querySelector("button")?.focus();
	};

	return el("details", { id: "search" },
		el("summary", {}, t("search.title")),
		form(async () => {
			wait("search.searching");
			const told = await api.discover(
				target.control.value.trim());
			fill(result, told.error ? whyNot(told) :
				list(told.devices, ask));
		}, el("p", { class: "soft" }, t("search.text")), target.node,
		el("p", {}, el("button", { name: "search" },
			t("act.search"))), result));
}

const list = (devices, ask) => devices.length === 0 ?
	el("p", { class: "told" }, t("search.none")) :
	el("ul", { class: "list" }, devices.map((d) => el("li", {},
		el("div", { class: "between" }, el("span", {},
			el("strong", { class: "num" }, d.address), " ",
			[d.name, d.hardware].filter(Boolean).join(", ")),
		askButton(d, ask)))));

function askButton(d, ask)
{
	const button = el("button", { type: "button",
		"data-xaddr": d.xaddr }, t("search.ask"),
	el("span", { class: "unseen" }, " " + d.address));
	const wrong = el("span", { class: "wrong", role: "alert" });

	button.addEventListener("click", async () => {
		try {
			await ask(d.xaddr);
		} catch (problem) {
			wrong.textContent = problem.sentence ?? String(problem);
		}
	});
	return el("span", {}, button, wrong);
}

function device(d, use)
{
	const name = [d.maker, d.model, d.serial && "s/n " + d.serial]
		.filter(Boolean).join(" ");
	const off = Math.abs(d.clock_offset_ms ?? 0);

	return el("div", { class: "told good", id: "device" },
		el("strong", {}, name), " ", t("search.firmware",
			{ version: d.firmware }),
		off > 5000 && el("div", {}, t("search.clock",
			{ length: length(off) })),
		el("ul", { class: "list" }, d.profiles.filter((p) => p.url)
			.map((p) => el("li", {}, el("button", { type: "button",
				"data-url": p.url, on: { click: () =>
					use(p.url, name.slice(0, 100)) } },
			t("search.use")), " ", `${p.name}: ${p.encoding}, ` +
				`${p.width} \u00d7 ${p.height} `,
			el("code", {}, p.url)))));
}
