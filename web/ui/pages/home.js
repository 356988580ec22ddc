// home.js - what waits for me, and is all recorded? The way to the problem.
import * as api from "../api.js";
import { el, fill } from "../dom.js";
import { length, number, t } from "../i18n.js";
import * as time from "../time.js";
import { glance } from "./coverage.js";
import { cameraTable, diskAlarms, retentionAlarms } from "./health.js";
import { open, requestLine } from "../requestline.js";

const EVERY = 5e3;

export default async function home(app)
{
	const seer = app.session.role !== "operator";
	const [status, cameras, requests, exports] = await Promise.all([
		api.status(), api.cameras(), seer ? api.requests() : [],
		seer ? api.exports() : []]);
	const waiting = requests.filter((r) => r.may_decide);
	// what one may watch first, then what waits, then what is over
	const rank = (r) => open(r) ? 0 : r.state === "submitted" ? 1 : 2;
	const mine = requests.filter((r) => r.mine)
		.sort((a, b) => rank(a) - rank(b)).slice(0, 5);
	const told = el("div", { "aria-live": "polite" });
	const table = el("div", {});
	const showNow = (now, all) => {
		renew(told, well(app, now));
		renew(table, cameraTable(all, app.now()));
	};

	showNow(status, cameras);
	const last = seer && cameras.length > 0 ? await glance(app, cameras) :
		el("section", { class: "card" },
			el("h2", {}, t("health.cameras")), table);
	return { title: t("home.title"), leave: app.every(EVERY, async () =>
		showNow(...await Promise.all([api.status(),
			api.cameras(true)]))), node: el("div", {},
		el("h1", {}, t("home.hello", { name: app.session.user })), told,
		seer && el("div", { class: "cols" },
			app.session.role === "custodian" &&
				list(t("home.waiting"), waiting,
					t("home.nothingWaits")),
			list(t("home.mine"), mine, t("home.noneMine"),
				el("p", { class: "row mid" }, el("a",
					{ class: "button main", href: "/find" },
					t("home.find")), el("a",
					{ href: "/requests" },
					t("requests.all")))),
			ready(exports)), last) };
}

// What says the same stays; who stands in it stays there.
function renew(node, ...kids)
{
	const next = el("div", {}, kids);

	if (next.textContent === node.textContent)
		return;
	const inside = node.contains(document.activeElement);
	fill(node, [...next.childNodes]);
	if (inside)
		node.querySelector("a, [tabindex]")?.focus();
}

// Whether all goes on as it should, in a sentence for each that may not.
const well = (app, status) => [
	recordingNow(status), clockNow(status), diskAlarms(status.storage),
	witnessedNow(status),
	app.session.role === "custodian" && retentionAlarms(status.retention)
		.map((text) => el("p", { class: "told bad" }, text))];

const toHealth = () => el("a", { href: "/health" }, t("home.toHealth"));

// A clock that nothing sets: each picture is flagged, so all is not well.
const clockNow = ({ clock }) => clock.state === "free" && el("p",
	{ class: "told" }, t("home.clock"), " ", toHealth());

function recordingNow({ cameras, clock, storage })
{
	const well = cameras.recording === cameras.enabled &&
		cameras.enabled > 0;

	return el("p", { class: "told " + (well ? "good" : "bad") },
		t(well && clock.state !== "free" ? "home.well" :
			"home.notWell", { n: cameras.recording,
			recording: number(cameras.recording),
			enabled: number(cameras.enabled) }), " ",
		!well && toHealth(),
		storage.state !== "ok" && " " + t("storage.full"));
}

// How long nobody but the box has vouched for the ledger, and who did last.
const LATE_S = 1200;

function witnessedNow({ ledger, witness })
{
	const told = (well, key, values) => el("p",
		{ class: "told " + (well ? "good" : "bad") }, t(key, values));
	const who = witness.by.join(", ");

	if (!ledger.confirmed)
		return told(false, "home.epoch");
	if (witness.alarm)
		return told(false, "home.refused", { who: witness.alarm.who });
	if (witness.age_s === null)
		return witness.witnesses ? told(false, "home.neverWitnessed") :
			el("p", { class: "soft" }, t("home.noWitness"));
	return told(witness.age_s < LATE_S, witness.age_s < LATE_S ?
		"home.witnessed" : "home.witnessLate", { who,
		ago: t("time.ago", { length:
			length(Math.max(0, witness.age_s) * 1e3) }) });
}

// Packages that wait to be fetched.
const ready = (exports) => {
	const mine = exports.filter((x) => x.mine && x.state === "ready");

	return mine.length > 0 && el("section", { class: "card" },
		el("h2", {}, t("home.exports")), el("ul", { class: "list" },
			mine.slice(0, 5).map((x) => el("li", {}, el("a",
				{ href: "/exports", class: "num" }, x.id), " ",
			el("span", { class: "soft" }, t("export.ends", { when:
				time.stamp(time.instant(x.ends)) }))))));
};

const list = (title, requests, none, more = null) => el("section",
	{ class: "card" }, el("h2", {}, title),
	requests.length ? el("ul", { class: "list" },
		requests.map((r) => el("li", {}, requestLine(r)))) :
		el("p", { class: "soft" }, none), more);
