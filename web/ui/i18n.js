// i18n.js - every word people read stands in text/<language>.js, in all three.
// Only the language that is read is fetched.
const KEY = "saqta.lang";
let now = "en", table = {};
let plural = new Intl.PluralRules("en");

export const languages = [["kk", "Қаз"], ["ru", "Рус"], ["en", "Eng"]];
export const lang = () => now;

export async function setLang(code)
{
	table = (await import(`./text/${code}.js`)).default;
	now = code;
	plural = new Intl.PluralRules(code);
	document.documentElement.lang = code;
	keepLang();
}

export const keepLang = () => localStorage.setItem(KEY, now);

// What was chosen before, else what the browser asks for, else Kazakh.
export function firstLang()
{
	const wanted = [localStorage.getItem(KEY), ...navigator.languages];

	return wanted.map((w) => String(w).slice(0, 2))
		.find((w) => languages.some(([code]) => code === w)) ?? "kk";
}

export const has = (key) => key in table;

// The text of key with {names} replaced; an object of CLDR plural forms is
// chosen by values.n.
export function t(key, values = {})
{
	let text = table[key] ?? key;

	if (typeof text === "object")
		text = text[plural.select(values.n)] ?? text.other;
	return text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
}

const formats = new Map();	// making one takes longer than using it

// Kazakh writes numbers as Russian does; not every browser knows Kazakh.
export function number(n, digits = 0)
{
	const key = now + digits;

	if (!formats.has(key))
		formats.set(key, new Intl.NumberFormat(now === "kk" ? "ru" : now,
			{ maximumFractionDigits: digits }));
	return formats.get(key).format(n);
}

// "17 s", "4 min 05 s", "1 h 20 min", "3 d 2 h": two units at most.
export function length(ms)
{
	const s = Math.floor(ms / 1e3);

	if (ms < 10e3)
		return `${number(ms / 1e3, ms < 1e3 ? 2 : 1)} ${t("unit.s")}`;
	const steps = [["d", 86400, 3600, "h"], ["h", 3600, 60, "min"],
		["min", 60, 1, "s"]];
	for (const [unit, size, small, smallUnit] of steps) {
		if (s < size)
			continue;
		const rest = Math.floor(s % size / small);
		return `${number(Math.floor(s / size))} ${t("unit." + unit)}` +
			(rest ? ` ${rest} ${t("unit." + smallUnit)}` : "");
	}
	return `${s} ${t("unit.s")}`;
}

export function bytes(n)
{
	const units = ["B", "kB", "MB", "GB", "TB"];
	let i = 0;

	for (; n >= 1000 && i < units.length - 1; i++)
		n /= 1000;
	return `${number(n, n < 10 && i ? 1 : 0)} ${t("unit." + units[i])}`;
}

export const sortBy = (list, f) =>
	[...list].sort((a, b) => new Intl.Collator(now).compare(f(a), f(b)));

// As people look for a camera: by its ATM, then by its name.
export const inOrder = (cameras) => sortBy(cameras, (c) => `${c.atm} ${c.name}`);

// A clause as a sentence of its own.
export const sentence = (text) => text.charAt(0).toLocaleUpperCase(now) +
	text.slice(1) + ".";
