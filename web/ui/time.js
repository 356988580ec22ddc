// time.js - the site's clock. An instant is a number of milliseconds since
// 1970 UTC; people see it in the site's zone with its offset, whatever zone
// the browser runs in.
const QUARTER = 15 * 60e3;	// offsets change only at quarters of an hour
let format = null;
let offsets = new Map();
let zoneName = "";

export function setZone(zone)
{
	format = new Intl.DateTimeFormat("en-GB", { timeZone: zone,
		hourCycle: "h23", year: "numeric", month: "2-digit",
		day: "2-digit", hour: "2-digit", minute: "2-digit",
		second: "2-digit" });
	offsets = new Map();
	zoneName = zone;
}

export const zone = () => zoneName;

// Minutes east of UTC at that instant.
export function offset(ms)
{
	const at = Math.floor(ms / QUARTER) * QUARTER;

	if (!offsets.has(at)) {
		const p = {};
		for (const { type, value } of format.formatToParts(at))
			p[type] = Number(value);
		const local = Date.UTC(p.year, p.month - 1, p.day, p.hour,
			p.minute, p.second);
		offsets.set(at, Math.round((local - at) / 60e3));
	}
	return offsets.get(at);
}

const two = (n) => String(n).padStart(2, "0");

export function parts(ms)
{
	const d = new Date(ms + offset(ms) * 60e3);

	return { year: d.getUTCFullYear(), month: d.getUTCMonth() + 1,
		day: d.getUTCDate(), hour: d.getUTCHours(),
		minute: d.getUTCMinutes(), second: d.getUTCSeconds(),
		ms: d.getUTCMilliseconds() };
}

function hhmm(minutes)
{
	const m = Math.abs(minutes);

	return (minutes < 0 ? "-" : "+") + two(Math.floor(m / 60)) + ":" +
		two(m % 60);
}

// "+05:00", and as people read it "UTC+05:00".
export const offsetText = (ms) => "UTC" + hhmm(offset(ms));

export function dateText(ms)
{
	const p = parts(ms);

	return `${two(p.day)}.${two(p.month)}.${p.year}`;
}

export function timeText(ms, fraction = false)
{
	const p = parts(Math.floor(ms));
	const text = `${two(p.hour)}:${two(p.minute)}:${two(p.second)}`;

	return fraction ? text + "." + String(p.ms).padStart(3, "0") : text;
}

export const stamp = (ms) =>
	`${dateText(ms)} ${timeText(ms)} (${offsetText(ms)})`;

// "22.11.2026 14:05:00-14:25:00 (UTC+05:00)"; the day is said twice only
// where it changes, the offset likewise.
export function span(from, to)
{
	if (offset(from) !== offset(to))
		return `${stamp(from)} \u2013 ${stamp(to)}`;
	const day = dateText(from) === dateText(to) ? "" : dateText(to) + " ";

	return `${dateText(from)} ${timeText(from)}\u2013${day}` +
		`${timeText(to)} (${offsetText(from)})`;
}

// For machines and addresses: RFC 3339 with the site's offset.
export function rfc3339(ms)
{
	const p = parts(ms);
	const fraction = p.ms ? "." + String(p.ms).padStart(3, "0") : "";

	return `${p.year}-${two(p.month)}-${two(p.day)}T${two(p.hour)}:` +
		`${two(p.minute)}:${two(p.second)}${fraction}` +
		hhmm(offset(ms));
}

// An instant from RFC 3339 (any number of decimals), or NaN.
export function instant(text)
{
	const m = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/
		.exec(text ?? "");

	if (!m)
		return NaN;
	return Date.parse(m[1] + m[3]) + (m[2] ? Number(m[2]) * 1e3 : 0);
}

// Nanoseconds as a number or, above 2^53, as a string.
export const fromNs = (ns) =>
	typeof ns === "string" ? Number(BigInt(ns) / 1000n) / 1e3 : ns / 1e6;

export function readDate(text)
{
	const t = text.trim();
	let m = /^(\d{1,2})[./](\d{1,2})[./](\d{4})$/.exec(t);

	if (m)
		return checkDate(+m[3], +m[2], +m[1]);
	m = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(t);
	return m ? checkDate(+m[1], +m[2], +m[3]) : null;
}

function checkDate(year, month, day)
{
	const d = new Date(Date.UTC(year, month - 1, day));

	return d.getUTCMonth() === month - 1 && d.getUTCDate() === day ?
		{ year, month, day } : null;
}

export function readTime(text)
{
	const m = /^(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?$/.exec(text.trim());

	if (!m || +m[1] > 23 || +m[2] > 59 || +(m[3] ?? 0) > 59)
		return null;
	return { hour: +m[1], minute: +m[2], second: +(m[3] ?? 0) };
}

// All instants with that local date and time: one; none where the clock was
// put forward; two where it was put back.
export function instantsOf(date, time)
{
	const local = Date.UTC(date.year, date.month - 1, date.day, time.hour,
		time.minute, time.second);
	const near = [-864e5, 0, 864e5].map((d) => offset(local + d));

	return [...new Set(near)].map((o) => [o, local - o * 60e3])
		.filter(([o, ms]) => offset(ms) === o)
		.map(([, ms]) => ms).sort((a, b) => a - b);
}
