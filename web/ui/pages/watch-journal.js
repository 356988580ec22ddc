// watch-journal.js - beside the pictures: what the ATM's journal says of that
// time, the way to each operation, and the journal's clock measured by it: the
// picture in which the cash is taken beside the journal's line.
import * as api from "../api.js";
import { el, fill, say, tell } from "../dom.js";
import { form, textField } from "../fields.js";
import { amount, card } from "../found.js";
import { t } from "../i18n.js";
import { aboutText, clockText, measure, offsetText, operations, videoSecond,
	videoTime } from "../journal.js";
import * as time from "../time.js";

const NEAR = 50;	// ms: the picture one was brought to is not the next
const MANY = 15;	// samples at most

// The panel; what stands in it comes when it is known.
export function journal(s)
{
	if (!s.journal) {
		s.journal = { rows: [], shown: [], samples: [], list: el("div", {}),
			measure: el("div", {}), node: el("section",
				{ class: "card", id: "operations" }) };
		s.journal.filter = textField(t("ops.filter"), { size: 6,
			maxlength: 4, inputmode: "numeric", name: "last4" });
		s.journal.filter.node.hidden = true;
		s.journal.filter.control.addEventListener("input",
			() => showList(s));
		fill(s.journal.node, el("h2", {}, t("ops.title")),
			s.journal.filter.node, s.journal.list,
			s.journal.measure);
		s.player.addEventListener("move", () => mark(s));
		load(s).catch((p) => fill(s.journal.list,
			el("p", { class: "soft" }, p.sentence ?? String(p))));
	}
	return s.journal.node;
}

// The ATMs at which the cameras of the approval hung in its time.
async function atms(s)
{
	const here = (await api.cameras()).filter((c) => s.screens.some((x) =>
		x.camera.camera === c.id));
	const of = (c) => (c.atms ?? []).filter((a) =>
		!(time.instant(a.to) <= s.from || time.instant(a.from) >= s.to))
		.map((a) => a.atm);

	return new Set(here.flatMap((c) => of(c).length ? of(c) : [c.atm]));
}

async function load(s)
{
	s.journal.rows = await operations(await atms(s), s.from, s.to);
	showList(s);
	showMeasure(s);
}

function showList(s)
{
	const { list, rows, filter } = s.journal;
	const last4 = filter.control.value.trim();

	filter.node.hidden = rows.length < 5;
	s.journal.shown = rows.filter((r) => !last4 ||
		r.card?.last4?.includes(last4));
	s.journal.current = undefined;
	fill(list, !rows.length && el("p", { class: "soft" }, t("ops.none")),
		rows.length > 0 && !s.journal.shown.length && el("p",
			{ class: "soft" }, t("tx.none")),
		el("ul", { class: "list operations" }, s.journal.lines =
			s.journal.shown.map((r) => line(s, r))));
	mark(s);
}

const line = (s, r) => el("li", { "data-operation": r.id },
	el("button", { type: "button", class: "num", on: { click: () =>
		goTo(s, r) } }, time.timeText(videoSecond(r))), " ",
	t("tx.kind." + r.kind), " ", el("strong", { class: "num" },
		amount(r.amount)), " ", el("span", { class: "num" },
		card(r.card)), el("br"), el("small", {}, clockText(r)));

const goTo = (s, r) => s.player.seek(Math.min(Math.max(videoTime(r), s.from),
	s.to));

// The operation that the position is at: the last one that has begun.
function mark(s)
{
	const { shown, lines } = s.journal;
	const now = shown.findLast((r) => videoTime(r) <= s.player.at + NEAR);

	if (!lines || now === s.journal.current)
		return;
	s.journal.current = now;
	lines.forEach((node, i) => {
		const here = shown[i] === now;

		node.classList.toggle("here", here);
		if (here) {
			node.setAttribute("aria-current", "true");
			// within the list alone: the page stays where it is
			node.parentNode.scrollTop = node.offsetTop -
				node.parentNode.offsetTop;
		} else {
			node.removeAttribute("aria-current");
		}
	});
	showMeasure(s);
}

export function nextOperation(s)
{
	const next = s.journal?.shown.find((r) =>
		videoTime(r) > s.player.at + NEAR);

	if (!next)
		return tell(t("ops.noMore"));
	say(`${time.timeText(videoSecond(next))} ${t("tx.kind." + next.kind)} ` +
		amount(next.amount));
	return goTo(s, next);
}

// --- the journal's clock ---

function showMeasure(s)
{
	const { current, samples, measure: node } = s.journal;
	const has = samples.some((x) => x.row === current);
	const ours = !samples.length || samples[0].row.atm === current?.atm;

	if (!samples.length && !current)
		return fill(node);
	return fill(node, el("h3", {}, t("align.title")),
		el("p", { class: "soft" }, t("align.how")),
		el("button", { type: "button", id: "align-here", disabled: !current ||
			has || !ours || samples.length >= MANY,
		on: { click: () => take(s) } }, t("align.here", { time: current ?
			time.timeText(time.instant(current.at)) : "\u2013" })),
		samples.length > 0 && form(() => save(s), sampleList(s),
			el("p", { role: "status" }, result(samples)),
			el("div", { class: "row" }, el("button", { type: "submit",
				class: "main", id: "align-save" }, t("align.save")),
			el("button", { type: "button", on: { click: () => {
				s.journal.samples = [];
				showMeasure(s);
			} } }, t("act.cancel")))));
}

function take(s)
{
	const row = s.journal.current;

	s.player.pause();
	s.journal.samples.push({ row, at: Math.floor(s.player.at) });
	showMeasure(s);
	say(result(s.journal.samples));
	document.getElementById("align-save")?.focus();
}

const offsetOf = (x) => x.at - time.instant(x.row.at);

function result(samples)
{
	const { offset, about } = measure(samples.map(offsetOf));

	return t("align.result", { n: samples.length,
		offset: offsetText(offset), about: aboutText(about) });
}

const sampleList = (s) => el("ul", { class: "list" },
	s.journal.samples.map((x) => el("li", {}, t("align.sample", {
		journal: time.timeText(time.instant(x.row.at)),
		video: time.timeText(x.at, true),
		offset: offsetText(offsetOf(x)) }), " ", el("button",
		{ type: "button", on: { click: () => {
			s.journal.samples = s.journal.samples.filter((y) =>
				y !== x);
			showMeasure(s);
		} } }, t("align.drop")))));

async function save(s)
{
	const { offset_ms: offset, uncertainty_ms: about, jump_ms: jump } =
		await api.align(s.id, { samples: s.journal.samples.map((x) => ({
			transaction: x.row.id, at: time.rfc3339(x.at) })) });

	s.journal.samples = [];
	await load(s);
	tell(t(jump ? "align.jumped" : "align.saved", { offset:
		offsetText(offset), about: aboutText(about),
	jump: offsetText(jump) }));
	fill(s.journal.measure, el("p", { class: jump ? "told warn" :
		"told good" }, t(jump ? "align.jumped" : "align.saved", { offset:
		offsetText(offset), about: aboutText(about),
	jump: offsetText(jump) })), ...s.journal.measure.childNodes);
}
