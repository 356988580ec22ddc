// audit-filter.js - which entries of the ledger are wanted, finding them, and
// what was found as CSV. Entries are in the order of time, so days are found by
// halving, and only what lies between is read.
import * as api from "../api.js";
import { el } from "../dom.js";
import { field, textField } from "../fields.js";
import { t } from "../i18n.js";
import * as time from "../time.js";

const PAGE = 200;	// the appliance gives no more at a time
export const FOUND = 200;	// shown at a time
const READ = 10000;	// entries read until one is asked whether to go on

// What people and box do, in groups; what is in none is the box's routine.
export const groups = {
	footage: ["request", "decision", "revoked", "refused", "lease-opened",
		"lease-closed", "note", "snapshot", "export", "export-ready",
		"export-erased", "reminded"],
	people: ["set-up", "person-added", "person-ended", "account-changed", "sign-in",
		"sign-in-refused", "sign-out", "session-ended", "deputy", "recovered",
		"paper-key", "keys-wrapped"],
	holds: ["hold-placed", "hold-released", "erasing", "erased",
		"term-lengthened", "expiry-throttled", "held-keys",
		"unused-keys-erased", "retention-clock", "clock-vouched",
		"clock-witness-named"],
	cameras: ["camera-added", "camera-switched", "device-replaced",
		"camera-retired", "camera-moved", "atm-moved", "journal-clock", "aiming-picture",
		"aiming-opened", "keypad", "zones", "scene-begun-anew", "alarm-raised",
		"alarm-ended", "gap-opened", "gap-closed"],
};
// What the box writes about its own work; hidden until asked for.
export const routine = new Set(["chain-heads", "segment", "read-back",
	"day-key", "retention-clock", "witnessed", "clock-asked"]);

// The form; changed(filter) is called when it is sent.
export function filterForm(filter, changed)
{
	const what = field(t("audit.what"), el("select", { name: "what" },
		["", ...Object.keys(groups), "all"].map((g) => el("option",
			{ value: g, selected: g === filter.what },
			t("audit.group." + (g || "acts"))))));
	const word = textField(t("audit.word"), { name: "word",
		value: filter.word, maxlength: 80 });
	const days = ["from", "to"].map((end) => textField(t("when." + end),
		{ name: end, size: 10, value: filter[end],
			placeholder: t("when.dateForm") }));
	const form = el("form", { class: "row", novalidate: true }, what.node,
		word.node, days.map((d) => d.node), el("button",
			{ type: "submit", class: "main" }, t("act.show")));

	form.addEventListener("submit", (e) => {
		e.preventDefault();
		const wrong = days.filter((d) => {
			const text = d.control.value.trim();
			const bad = text !== "" && !time.readDate(text);
			d.fail(bad ? t("when.dateWrong") : "");
			return bad;
		});
		if (wrong.length)
			return wrong[0].control.focus();
		return changed({ what: what.control.value,
			word: word.control.value.trim(),
			from: days[0].control.value.trim(),
			to: days[1].control.value.trim() });
	});
	return form;
}

const dayStart = (date) => time.instantsOf(date,
	{ hour: 0, minute: 0, second: 0 })[0] ?? time.instantsOf(date,
	{ hour: 1, minute: 0, second: 0 })[0];

// The first entry at or after an instant; size where all are older.
async function firstAt(at, size)
{
	let low = 0, high = size;

	while (low < high) {
		const mid = (low + high) >> 1;
		const { entries } = await api.ledger(mid, 1);
		if (!entries.length || time.instant(entries[0].time) >= at)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

function wanted(filter, sentence)
{
	const types = groups[filter.what];
	const word = filter.word.toLowerCase();

	return (e) => (types ? types.includes(e.type) :
		filter.what === "all" || !routine.has(e.type)) &&
		(!word || sentence(e).toLowerCase().includes(word) ||
			JSON.stringify(e.fields ?? {}).toLowerCase()
				.includes(word));
}

// A walk from the newest entry back. next() reads on until FOUND more are
// there, or READ entries were looked at; then over says whether that was all.
export async function walk(filter, sentence)
{
	const page = await api.ledger(0, 1);
	const from = time.readDate(filter.from), to = time.readDate(filter.to);
	const next = to && new Date(Date.UTC(to.year, to.month - 1, to.day + 1));
	const first = from ? await firstAt(dayStart(from), page.size) : 0;
	const last = next ? await firstAt(dayStart({ year: next.getUTCFullYear(),
		month: next.getUTCMonth() + 1, day: next.getUTCDate() }),
	page.size) : page.size;
	const fits = wanted(filter, sentence);
	const w = { found: [], at: last, over: last <= first, page,
		last, first };

	w.next = async () => {
		const enough = w.found.length + FOUND;
		const stop = Math.max(first, w.at - READ);
		while (w.at > stop && w.found.length < enough) {
			const begin = Math.max(first, w.at - PAGE);
			w.page = await api.ledger(begin, w.at - begin);
			w.found.push(...w.page.entries.filter(fits).reverse());
			w.at = begin;
		}
		w.over = w.at <= first;
	};
	await w.next();
	return w;
}

// RFC 4180; a cell that a spreadsheet would take for a formula is made text.
export function csv(entries, sentence)
{
	const cell = (v) => `"${String(v).replace(/^[=+\-@\t\r]/, "'$&")
		.replaceAll('"', '""')}"`;
	const lines = [["number", "time", "type", "person", "what", "fields"],
		...entries.map((e) => [e.index, e.time, e.type,
			e.person_name ?? "", sentence(e),
			JSON.stringify(e.fields ?? {})])];

	return new Blob(["\ufeff", lines.map((l) => l.map(cell).join(","))
		.join("\r\n"), "\r\n"], { type: "text/csv" });
}
