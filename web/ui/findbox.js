// findbox.js - what somebody types into the one box, as a question (pure).
//
//   0417 22.11 14:15 50000     ATM, day, time, amount
//   ...4821                    a card's last four digits
//   >=500000  20000-60000      amounts
//   REQ-2026-00031             a request, by its number
import * as time from "./time.js";

const MINUTE = 60e3, DAY = 864e5;

// Numbers of one ATM: "0417", "417", "ATM 0417".
const bare = (s) => s.toLowerCase().replace(/^atm/, "")
	.replace(/^[ \-_#0]+/, "");

// "22.11" is the last such day that has come.
function dayOf(word, now)
{
	const m = /^(\d{1,2})\.(\d{1,2})\.?$/.exec(word);

	if (!m)
		return time.readDate(word);
	const year = time.parts(now).year;
	const date = time.readDate(`${m[1]}.${m[2]}.${year}`);
	const [at] = date ? time.instantsOf(date,
		{ hour: 0, minute: 0, second: 0 }) : [];

	return at > now ? time.readDate(`${m[1]}.${m[2]}.${year - 1}`) : date;
}

function amountOf(word, q)
{
	const m = /^(>=|<=)?(\d+(?:[.,]\d{1,2})?)(\+)?$/.exec(word);
	const between = /^(\d+)-(\d+)$/.exec(word);

	if (between)
		[, q.amount_min, q.amount_max] = between;
	else if (m && (m[1] === ">=" || m[3]))
		q.amount_min = m[2];
	else if (m && m[1])
		q.amount_max = m[2];
	else if (m && !q.amount)
		q.amount = m[2];
	else
		return false;
	return true;
}

// A day, or minutes round a time of it; the day of now where none is said.
function span(q, day, at, now)
{
	const p = time.parts(now);
	const date = day ?? (at && { year: p.year, month: p.month,
		day: p.day });

	if (!date)
		return;
	const [from] = time.instantsOf(date, at ??
		{ hour: 0, minute: 0, second: 0 });

	if (from === undefined)
		return;
	q.from = time.rfc3339(at ? from - 5 * MINUTE : from);
	q.to = time.rfc3339(at ? from + 6 * MINUTE : from + DAY);
}

// { request } or { query }, with `unknown`: words that say nothing to us.
// atms: the names of those that have cameras.
export function read(text, atms, now)
{
	const q = {}, unknown = [];
	let day = null, at = null;

	const words = text.trim().replace(/\batm +(?=\d)/i, "").split(/\s+/)
		.filter(Boolean);
	for (const word of words) {
		const card = /^(?:\.\.\.|\u2026|\*+)(\d{4})$/.exec(word);

		if (/^REQ-\d{4}-\d+$/i.test(word))
			return { request: word.toUpperCase(), unknown };
		if (card)
			q.last4 = card[1];
		else if (word.includes(":") && time.readTime(word))
			at = time.readTime(word);
		else if (/^\d{1,2}\.\d{1,2}/.test(word) && dayOf(word, now))
			day = dayOf(word, now);
		else if (/^\d{4}-\d\d-\d\d$/.test(word) && dayOf(word, now))
			day = dayOf(word, now);
		else if (!q.atm && (/^0\d/.test(word) || atms.some((a) =>
			bare(a) === bare(word))))
			q.atm = word;
		else if (/^[A-Z0-9]{9,24}$/i.test(word))
			q.reference = word;
		else if (!amountOf(word, q))
			unknown.push(word);
	}
	span(q, day, at, now);
	return { query: q, unknown };
}
