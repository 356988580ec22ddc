// journal.js - an ATM's journal has a clock of its own: what it says beside
// what the video's clock showed, and how sure that is. Never one for the other.
import * as api from "./api.js";
import { number, t } from "./i18n.js";
import * as time from "./time.js";

const seconds = (ms) => `${number(Math.abs(ms) / 1e3, 1)}\u00a0` +
	t("unit.s");

// "+3.2 s"
export const offsetText = (ms) => (ms < 0 ? "\u2212" : "+") + seconds(ms);

// "\u00b10.5 s"
export const aboutText = (ms) => "\u00b1" + seconds(ms);

// The journal's moment of a transaction, and the video's.
export function clockText(row)
{
	const { clock } = row;
	const told = { journal: time.timeText(time.instant(row.at)),
		about: aboutText(clock.uncertainty_ms) };

	return clock.offset_ms === null ? t("journal.unknown", told) :
		t("journal.clock", { ...told,
			video: time.timeText(videoSecond(row)),
			offset: offsetText(clock.offset_ms) });
}

// The video's moment of it, as far as one knows.
export const videoTime = (row) => time.instant(row.clock.video);

// To a whole second, as a journal tells it.
export const videoSecond = (row) => Math.round(videoTime(row) / 1e3) * 1e3;

// The operations of ATMs between two moments of the video, in their order.
export async function operations(atms, from, to)
{
	const rows = new Map();

	for (const atm of atms) {
		let before;

		for (let page = 0; page < 20; page++) {
			const answer = await api.transactions({ atm,
				...before && { before },
				from: time.rfc3339(Math.floor(from)),
				to: time.rfc3339(Math.ceil(to)) });

			for (const r of answer.transactions)
				rows.set(r.id, r);
			before = answer.next;
			if (!before)
				break;
		}
	}
	return [...rows.values()].sort((a, b) => videoTime(a) - videoTime(b));
}

// What frames say about a clock, as storage reckons it (align.h).
export function measure(offsets)
{
	const all = [...offsets].sort((a, b) => a - b);
	const n = all.length, half = Math.floor(n / 2);
	const offset = n % 2 ? all[half] : (all[half - 1] + all[half]) / 2;

	return { offset: Math.trunc(offset), about: Math.max(n < 3 ? 1e3 : 500,
		offset - all[0], all[n - 1] - offset) };
}
