// askform.js - a request is written: what is asked for, kept by the appliance as
// a draft where its writer wants that, and sent.
import * as api from "./api.js";
import { codecNotice } from "./codecs.js";
import { el, fill, say } from "./dom.js";
import { choice, field, form, Moment, textField, ticks } from "./fields.js";
import { t } from "./i18n.js";
import * as time from "./time.js";

const AROUND = 150e3;	// five minutes round the moment, to begin with
const DAY = 86400e3;

export const cameraName = (c) => [c.name, c.atm, c.place].filter(Boolean)
	.join(", ") + ` (${c.id})` + (c.retired ? ", " + t("camera.retired",
	{ time: time.dateText(time.instant(c.retired)) }) : "");

// Why, from a closed list (storage/people.h).
const CODES = ["dispute", "cash", "fraud", "attack", "authority", "audit",
	"other"];
const DAYS_MOST = 7;	// an approval lasts no longer
const SHORT = 300e3;	// ms; more is asked for with a reason of its own

// What a transaction proposes is wider by what its clock may be off, and by
// what the operation itself took.
const UNSURE = 180e3;
const isLong = (s, from, to) => to - from > SHORT + (s.asked.length ? UNSURE :
	0);

// The draft with that number, as it is kept; null where there is none (any more).
export const draftOf = async (id) => id ? (await api.drafts()).find((d) =>
	d.id === Number(id)) ?? null : null;

const ofDraft = (d) => ({ cameras: d.cameras, from: time.instant(d.from),
	to: time.instant(d.to), reason: d.reason, case: d.case, longer: d.longer,
	code: d.reason_code, export: d.right === "export", days: d.until &&
		Math.round((time.instant(d.until) - time.instant(d.saved)) / DAY) });

const typed = (f) => ({ cameras: f.cameras.values(), from: f.from.peek(),
	to: f.to.peek(), reason: f.reason.control.value.trim(),
	case: f.case.control.value.trim(), longer: f.longer.control.value.trim(),
	code: f.code.control.value, export: f.right.checked,
	days: Number(f.until.control.value) });

// What is asked for: the range is bounded and the reason is on the record.
// What was typed already, or is kept as a draft, stands in it again.
export function requestCard(s)
{
	const had = s.typed?.() ?? (s.draft && ofDraft(s.draft));
	const kept = s.typed ? null : had;	// its range, too
	const whole = s.to - s.from <= 2 * AROUND || s.asked.length > 0;
	const now = s.app.now();
	const from = new Moment(t("when.from"), kept?.from ||
		(whole ? s.from : s.at - AROUND));
	const to = new Moment(t("when.to"), kept?.to ||
		Math.min(whole ? s.to : s.at + AROUND, now));
	const offered = s.asked.length ? s.cameras.filter((c) =>
		s.asked.includes(c.id)) : s.cameras;
	const cameras = ticks(t("column.cameras"), offered.map((c) =>
		[c.id, cameraName(c)]), s.draft && had ? had.cameras :
		s.asked.length ? s.asked : s.camera ? [s.camera] :
			s.cameras.length === 1 ? [s.cameras[0].id] : []);
	const reason = field(t("request.reason"), el("textarea",
		{ maxlength: 500, name: "reason" }), t("ask.reasonHint"));
	const number = textField(t("column.case"),
		{ maxlength: 100, name: "case" }, t("ask.caseHint"));
	const code = choice(t("request.code"), "code", CODES.map((c) =>
		[c, t("code." + c)]));
	const until = choice(t("request.until"), "until",
		[7, 3, 1].map((n) => [n, t("until.days", { n })]));
	const right = el("input", { type: "checkbox", name: "export" });
	const longer = field(t("ask.longer"), el("textarea",
		{ maxlength: 500, name: "longer" }), t("ask.longerHint"));
	const f = { from, to, cameras, reason, case: number, right, code,
		until, longer, told: el("p", { class: "soft", id: "kept" }) };
	const more = () => { longer.node.hidden = !isLong(s, from.peek(),
		to.peek()); };
	const notice = el("div", {});
	const warn = async () => fill(notice, await codecNotice(
		s.cameras.filter((c) => cameras.values().includes(c.id))));
	const around = el("button", { type: "button", on: { click: () => {
		from.set(s.at - AROUND);
		to.set(Math.min(s.at + AROUND, s.app.now()));
		more();
		say(t("ask.aroundDone"));
	} } }, t("ask.around"));

	cameras.node.addEventListener("change", warn);
	for (const moment of [from, to])
		moment.node.addEventListener("input", more);
	if (had) {
		reason.control.value = had.reason;
		number.control.value = had.case;
		longer.control.value = had.longer;
		code.control.value = had.code || CODES[0];
		until.control.value = [3, 1].includes(had.days) ? had.days :
			DAYS_MOST;
		right.checked = had.export;
	}
	s.typed = () => typed(f);
	tellKept(s, f);
	warn();
	more();
	return el("section", { class: "card", id: "ask" },
		el("h2", {}, t("ask.title")), el("p", {}, t("ask.text")),
		s.asked.length > 0 && el("p", { class: "told" }, t("ask.wider")),
		form((verb, wrong) => verb === "draft" ? keep(s, f) :
			ask(s, f, wrong), cameras.node, notice,
			el("div", { class: "row" }, from.node, to.node,
				around), longer.node,
			el("div", { class: "cols" }, code.node, number.node),
			el("div", { class: "cols" }, reason.node, until.node),
			el("p", {}, el("label", { class: "tick" }, right,
				t("ask.export"))),
			el("div", { class: "row" }, el("button", { class: "main",
				type: "submit" }, t("act.ask")),
			el("button", { type: "submit", value: "draft" },
				t("draft.save"))), f.told));
}

const tellKept = (s, f) => fill(f.told, s.draft ? t("draft.kept",
	{ time: time.stamp(time.instant(s.draft.ends)) }) : t("draft.hint"));

// As it is now, complete or not: the appliance keeps it for its writer alone.
async function keep(s, f)
{
	const v = typed(f), moment = (ms) => ms ? time.rfc3339(ms) : undefined;
	const body = { cameras: v.cameras.length ? v.cameras : undefined,
		from: moment(v.from), to: moment(v.to), reason: v.reason,
		case: v.case, longer: v.longer, reason_code: v.code,
		right: v.export ? "export" : "view",
		until: v.days < DAYS_MOST ? moment(s.app.now() + v.days * DAY) :
			undefined };

	for (const m of [f.from, f.to])	// nothing typed is left out unsaid
		if (Number.isNaN(m.peek()) && !m.isEmpty() && m.read() === null)
			return m.focus();
	try {
		const saved = await api.saveDraft(s.draft, body);
		s.draft = await draftOf(saved.id);
	} catch (problem) {
		throw await meanwhile(s, f, problem);
	}
	noteDraft(s, f);
	say(t("draft.saved"));
}

// In the address and in the form: which draft this is, or none any more.
function noteDraft(s, f)
{
	if (!f.told.isConnected)	// another page stands there by now
		return;
	const q = new URLSearchParams(location.search);
	q.delete("draft");
	if (s.draft)
		q.set("draft", s.draft.id);
	s.app.note("/find?" + q);
	tellKept(s, f);
}

// The same draft was saved, sent or discarded in another window: what is typed
// here stays, and the next press counts with the draft as it is now.
async function meanwhile(s, f, problem)
{
	if (!s.draft || !["changed", "not-found"].includes(problem.name))
		return problem;
	s.draft = await draftOf(s.draft.id);
	noteDraft(s, f);
	return new api.Problem(s.draft ? "draftChanged" : "draftGone", 0);
}

async function ask(s, f, wrong)
{
	const from = f.from.read(), to = f.to.read();
	const reason = f.reason.control.value.trim();
	const number = f.case.control.value.trim();
	const cameras = f.cameras.values();
	const days = Number(f.until.control.value);

	f.reason.fail(reason ? "" : t("ask.reasonNeeded"));
	f.case.fail(number ? "" : t("ask.caseNeeded"));
	if (from === null || to === null)
		return;
	if (!cameras.length) {
		wrong.textContent = t("problem.noCamera");
		return f.cameras.focus();
	}
	if (from >= to)
		return f.to.fail(t("when.order")), f.to.focus();
	const longer = isLong(s, from, to) ? f.longer.control.value.trim() : "";
	f.longer.node.hidden = !isLong(s, from, to);
	f.longer.fail(longer || !isLong(s, from, to) ? "" : t("ask.longerNeeded"));
	if (isLong(s, from, to) && !longer)
		return f.longer.control.focus();
	if (!reason || !number)
		return (reason ? f.case : f.reason).control.focus();
	try {
		const body = { cameras, reason,
			case: number, from: time.rfc3339(from),
			to: time.rfc3339(to),
			...(longer && { longer }),
			right: f.right.checked ? "export" : "view",
			reason_code: f.code.control.value,
			...(days < DAYS_MOST && { until:
				time.rfc3339(s.app.now() + days * DAY) }) };
		const { id } = s.draft ? await api.submitDraft(s.draft, body) :
			await api.request(body);
		await s.app.go("/requests/" + id);
		say(t("ask.sent", { id }));
	} catch (wrong) {
		const problem = await meanwhile(s, f, wrong);
		const at = f[problem.field];
		(at?.control ?? at)?.focus();
		throw problem;
	}
}
