// exports.js - evidence packages: asked for, watched while they are prepared,
// their fingerprint, their download. A page of all, and the card of a request.
import * as api from "../api.js";
import { el, fill, say, tell } from "../dom.js";
import { credential, form } from "../fields.js";
import { bytes, has, length, number, t } from "../i18n.js";
import { qr } from "../qr.js";
import { qrRows } from "../qrcode.js";
import * as time from "../time.js";

const LOOK_MS = 1500;

// What is left, from what is done; nothing before that can be told.
function left(x, now)
{
	const took = now - time.instant(x.created);

	return x.permille > 20 && took > 2e3 ? t("export.left", { length:
		length(Math.max(1e3, took * (1000 - x.permille) / x.permille)) }) :
		t("export.beginning");
}

const preparing = (x, now) => [
	el("progress", { max: 1000, value: x.permille ?? undefined,
		"aria-label": x.id }),
	el("p", { class: "soft num" }, x.permille !== null &&
		`${number(Math.floor(x.permille / 10))} % \u00b7 `, left(x, now))];

const ready = (x) => [
	x.mine && el("p", { class: "row mid" }, el("a", { class: "button main",
		href: api.exportFile(x.id), download: x.id + ".zip" },
	t("export.download")), el("span", {}, bytes(x.bytes))),
	el("p", { class: "soft" }, x.mine && t("export.resumes") + " ",
		t("export.ends", { when: time.stamp(time.instant(x.ends)) }))];

function fingerprint(x)
{
	const rows = qrRows(`saqta ${x.id} sha256 ${x.sha256}`);

	return el("div", { class: "print" }, rows && qr(rows,
		t("export.qr", { id: x.id })), el("div", {},
		el("p", {}, t("export.fingerprint")),
		el("code", { class: "break hash" },
			x.sha256.match(/.{8}/g).join(" ")),
		el("p", { class: "soft" }, t("export.printHint"))));
}

// What ended one that failed: of an export, else as of any problem.
const why = (x) => has("export.why." + x.why) ? t("export.why." + x.why) :
	new api.Problem(x.why, 0, { detail: t("problem.internal") }).sentence;

const line = (x, now) => el("li", { class: "export", "data-state": x.state,
	"data-export": x.id }, el("div", { class: "between" },
	el("strong", { class: "num" }, x.id, " ", el("a", { class: "soft",
		href: "/requests/" + x.request }, x.request)),
	el("span", { class: "badge " + ({ ready: "good", failed: "bad",
		preparing: "wait" }[x.state] ?? "") }, t("export." + x.state))),
!x.mine && el("p", { class: "soft" }, t("export.by", { who: x.person })),
x.lost > 0 && el("p", { class: "told bad" }, t("export.damage",
	{ n: x.lost })),
x.why && el("p", { class: "told bad" }, why(x)),
x.state === "preparing" && preparing(x, now),
x.state === "ready" && ready(x),
x.sha256 && fingerprint(x));

// A list that looks again while something is being prepared; which(x) chooses.
function watched(app, which, none)
{
	const list = el("ul", { class: "list" });
	let timer = 0;

	async function look(quiet = false)
	{
		const all = (await api.exports(quiet)).filter(which);

		clearTimeout(timer);
		for (const x of all)
			if (list.dataset[x.id] === "preparing" &&
			    x.state !== "preparing")
				say(`${x.id}: ${t("export." + x.state)}` +
					(x.why ? ". " + why(x) : ""));
		for (const x of all)
			list.dataset[x.id] = x.state;
		const open = list.contains(document.activeElement) ?
			document.activeElement.getAttribute("href") : null;
		fill(list, all.length ? all.map((x) => line(x, app.now())) :
			none && el("li", {}, none));
		if (open)
			list.querySelector(`[href="${open}"]`)?.focus();
		// the page may have gone meanwhile: then nobody looks again
		if (all.some((x) => x.state === "preparing"))
			timer = setTimeout(() => list.isConnected &&
				look(true).catch((p) => tell(p.sentence)), LOOK_MS);
	}

	return { list, look };
}

// Who exports shows who he is, with a code of a second factor.
export function exporting()
{
	const by = credential();

	return { ...by, nodes: [...by.nodes, el("p", { class: "hint" },
		t("export.factor"), " ", el("a", { href: "/account" },
			t("account.title")))] };
}

// The card of a request that grants the right to export.
export function exportCard(app, r)
{
	const { list, look } = watched(app, (x) => x.request === r.id && x.mine);
	const by = exporting();

	look().catch((p) => tell(p.sentence));
	return el("section", { class: "card", id: "exports" },
		el("h2", {}, t("export.title")), el("p", {}, t("export.text")),
		form(async () => {
			if (!by.ok())
				return;
			const { id } = await api.newExport(r.id, by.take());
			say(t("export.begun", { id }));
			await look();
		}, by.nodes, el("button", { class: "main", type: "submit" },
			t("export.act"))), list);
}

export default async function exports(app)
{
	const { list, look } = watched(app, () => true, el("span",
		{ class: "soft" }, t("export.none")));

	await look();
	return { title: t("nav.exports"), node: el("div", {},
		el("h1", {}, t("nav.exports")),
		el("section", { class: "card" }, el("p", {}, t("export.text")),
			el("p", { class: "row" },
				el("a", { class: "button", href: "/requests" },
					t("nav.requests")),
				el("a", { class: "button", href: "/verify" },
					t("export.verify")))),
		el("section", { class: "card" }, list)) };
}
