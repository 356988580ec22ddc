// tape.js - what the grant of one camera holds: fragments and gaps in order.
// Pure: no network, no element. Instants are milliseconds since 1970.
import { fromNs } from "./time.js";

const CRUMB = 500;	// ms; a hole below it is no gap, the player steps over

const TOGETHER = 1e3;	// ms; cameras of an ATM seldom begin at one moment

// Where watching begins: {main, at}, the first picture that any of the tapes
// has, and the first tape that has one there or a moment later: then at that
// one's. named: the tape that was asked for, -1 where none was.
export function opening(tapes, from, named)
{
	const firsts = tapes.map((x) => x.recordedFrom(from) ?? Infinity);
	const first = Math.min(...firsts);
	const near = (at) => at <= first + TOGETHER;
	const main = named >= 0 ? named : Math.max(0, firsts.findIndex(near));
	const at = near(firsts[main]) ? firsts[main] : first;

	return { main, at: Number.isFinite(at) ? at : from };
}

export class Tape {
	// play: one camera of the answer "play"; from, to: the grant's bounds.
	constructor(play, from, to)
	{
		this.camera = play.camera;
		this.from = from;
		this.to = to;
		this.fragments = [];
		this.runs = play.runs.map((r, i) => this.#run(r, i));
		this.gaps = play.gaps.map((g) => ({ ...g,
			from: fromNs(g.from_ns), to: fromNs(g.to_ns) }));
	}

	#run(run, order)
	{
		const r = { ...run, order, from: fromNs(run.from_ns),
			to: fromNs(run.to_ns), first: this.fragments.length };

		for (const part of run.parts) {
			const p = { seq: part.seq, run: r, init: null };
			for (const f of part.fragments) {
				const start = fromNs(f.start_ns);
				this.fragments.push({ part: p, run: r,
					index: f.index, base: f.base,
					from: start, flags: f.flags,
					to: start + fromNs(f.duration_ns),
					key: f.key !== false && f.key !== 0,
					n: this.fragments.length,
					bad: null, times: null });
			}
		}
		r.last = this.fragments.length - 1;
		return r;
	}

	runAt(at)
	{
		return this.runs.find((r) => r.from <= at && at < r.to) ?? null;
	}

	gapAt(at)
	{
		return this.gaps.find((g) => g.from <= at && at < g.to) ?? null;
	}

	// Where a wish to be at an instant leads: {at, run} or {at, gap}, or
	// {at} alone where the grant ends there.
	place(wish)
	{
		const at = Math.min(Math.max(wish, this.from), this.to);
		const run = this.runAt(at);

		if (run)
			return { at, run };
		const gap = this.gapAt(at);
		if (gap)
			return { at, gap };
		const next = this.runs.find((r) => r.from > at &&
			r.from - at < CRUMB);
		return next ? { at: next.from, run: next } : { at };
	}

	// The fragment on screen at an instant inside a run.
	fragmentAt(at, run)
	{
		let low = run.first, high = run.last;

		while (low < high) {
			const mid = (low + high + 1) >> 1;
			if (this.fragments[mid].from <= at)
				low = mid;
			else
				high = mid - 1;
		}
		return this.fragments[low];
	}

	// Back to the fragment whose key frame that one's pictures build on.
	keyOf(fragment)
	{
		let n = fragment.n;

		while (n > fragment.run.first && !this.fragments[n].key)
			n--;
		return this.fragments[n];
	}

	// The first recorded instant at or after one; null at the end.
	recordedFrom(at)
	{
		const run = this.runs.find((r) => r.to > at);

		return run ? Math.max(run.from, at) : null;
	}

	nextGap(at)
	{
		return this.gaps.find((g) => g.from > at) ?? null;
	}

	// Recorded spans, each with the flags that hold for all of it.
	spans()
	{
		const all = [];

		for (const f of this.fragments) {
			const last = all.at(-1);
			const flags = f.flags ?? [];
			if (last && last.run === f.run &&
			    last.flags.join() === flags.join())
				last.to = f.to;
			else
				all.push({ kind: "recorded", run: f.run, flags,
					from: f.from, to: f.to });
		}
		return [...all, ...this.gaps.map((g) => ({ kind: "gap",
			from: g.from, to: g.to, cause: g.cause }))]
			.sort((a, b) => a.from - b.from);
	}

	get recorded()
	{
		return this.runs.reduce((sum, r) => sum + r.to - r.from, 0);
	}

	get gapLength()
	{
		return this.gaps.reduce((sum, g) => sum + g.to - g.from, 0);
	}
}
