// i18n.js - every word people read stands in text/<language>.js, in all three.
import en from "./text/en.js";
import kk from "./text/kk.js";
import ru from "./text/ru.js";

const tables = { kk, ru, en };
const KEY = "saqta.lang";
let now = "en";
let plural = new Intl.PluralRules("en");

export const languages = [["kk", "Қаз"], ["ru", "Рус"], ["en", "Eng"]];
export const lang = () => now;

export function setLang(code)
{
	now = code;
	plural = new Intl.PluralRules(code);
	document.documentElement.lang = code;
	localStorage.setItem(KEY, code);
}

// What was chosen before, else what the browser asks for, else Kazakh.
export function firstLang()
{
	const wanted = [localStorage.getItem(KEY), ...navigator.languages];

	return wanted.map((w) => String(w).slice(0, 2))
		.find((w) => w in tables) ?? "kk";
}

export const has = (key) => key in tables[now];

// The text of key with {names} replaced; an object of CLDR plural forms is
// chosen by values.n.
export function t(key, values = {})
{
	let text = tables[now][key] ?? key;

	if (typeof text === "object")
		text = text[plural.select(values.n)] ?? text.other;
	return text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
}

// Kazakh writes numbers as Russian does; not every browser knows Kazakh.
export const number = (n, digits = 0) => new Intl.NumberFormat(
	now === "kk" ? "ru" : now, { maximumFractionDigits: digits })
	.format(n);

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
