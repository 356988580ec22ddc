// exports.js - evidence packages of one request: asked for, watched while they
// are prepared, their fingerprint, their download.
import * as api from "../api.js";
import { el, fill, say } from "../dom.js";
import { form } from "../fields.js";
import { bytes, t } from "../i18n.js";
import * as time from "../time.js";

const LOOK_MS = 1500;

const line = (x) => el("li", { class: "export", "data-state": x.state },
	el("div", { class: "between" },
		el("strong", { class: "num" }, x.id),
		el("span", {}, t("export." + x.state))),
	x.state === "preparing" && [el("progress", { max: 1000,
		value: x.permille ?? undefined, "aria-label": x.id })],
	x.state === "ready" && [
		el("p", {}, el("a", { class: "button main",
			href: api.exportFile(x.id), download: x.id + ".zip" },
		t("export.download")), " ", bytes(x.bytes)),
		el("p", { class: "soft" }, t("export.ends",
			{ when: time.stamp(time.instant(x.ends)) }))],
	x.sha256 && el("p", {}, t("export.fingerprint"), " ",
		el("code", { class: "hash" }, x.sha256)));

// The card of a request that grants the right to export.
export function exportCard(app, r)
{
	const list = el("ul", { class: "plain", "aria-live": "polite" });
	let timer = 0;

	async function look()
	{
		const mine = (await api.exports())
			.filter((x) => x.request === r.id && x.mine);

		clearTimeout(timer);
		fill(list, mine.map(line));
		// the page may have gone meanwhile: then nobody looks again
		if (mine.some((x) => x.state === "preparing"))
			timer = setTimeout(() => list.isConnected &&
				look().catch((p) => say(p.sentence)), LOOK_MS);
	}

	look().catch((p) => say(p.sentence));
	return el("section", { class: "card", id: "exports" },
		el("h2", {}, t("export.title")), el("p", {}, t("export.text")),
		form(async () => {
			const { id } = await api.newExport(r.id);
			say(t("export.begun", { id }));
			await look();
		}, el("button", { class: "main", type: "submit" },
			t("export.act"))), list);
}
