// player.js - one camera inside a grant. The position is an instant; it lies
// in a run, and then that picture is shown, or in a gap, and then none is.
import { Feed } from "./feed.js";

const PATIENCE = 8e3;	// ms without a picture until a card offers to go on
const STEP_IN = 2;	// ms inside a picture's time, clear of rounding
const ROUNDING = 0.02;	// ms that a browser may round a time by (it counts in us)
const TAIL = 60;	// ms before a run's end that count as its end
export const speeds = [0.25, 0.5, 1, 2, 4, 8];

export const canShow = (mime) =>
	"MediaSource" in window && MediaSource.isTypeSupported(mime);

export class Player extends EventTarget {
	// Events: "move" (position), "state" (all else).
	constructor(video, tape, request)
	{
		super();
		this.video = video;
		this.tape = tape;
		this.at = tape.from;
		this.run = this.gap = this.refused = null;
		this.wishPlay = false;
		this.speed = 1;
		this.back = 0;		// timer of the reverse gear
		this.feed = new Feed(video, tape, request,
			(problem) => this.refuse(problem));
		for (const type of ["timeupdate", "waiting", "ended"])
			this.#on(type, () => this.#moved());
		this.#on("seeked", () => this.#tell("move"));
		this.#on("error", () => this.#broken());
		this.tick = setInterval(() => this.#moved(), 250);
		if (video.requestVideoFrameCallback)
			this.#frames();
	}

	#on(type, f) { this.video.addEventListener(type, f); }
	#tell(type) { this.dispatchEvent(new Event(type)); }

	#frames()
	{
		this.video.requestVideoFrameCallback((now, frame) => {
			if (this.closed)
				return;
			if (this.run && !this.video.seeking) {
				this.at = this.#inside(
					this.feed.instant(frame.mediaTime));
				this.#tell("move");
			}
			this.#frames();
		});
	}

	#inside(at)
	{
		return Math.min(Math.max(at, this.run.from), this.run.to - 1);
	}

	close()
	{
		this.closed = true;
		clearInterval(this.tick);
		this.#forward();
		this.feed.close();
	}

	// The appliance no longer gives this footage: take the picture away.
	refuse(problem)
	{
		if (this.refused)
			return;
		this.refused = problem;
		this.pause();
		this.close();
		this.#tell("state");
	}

	get playing() { return this.wishPlay || this.back !== 0; }

	// Go to an instant; where it lies in a gap, no picture is shown.
	async seek(wish)
	{
		if (this.refused)
			return;
		const place = this.tape.place(wish);

		this.at = place.at;
		this.gap = place.gap ?? null;
		this.run = place.run && canShow(place.run.mime) ?
			place.run : null;
		this.unshown = place.run && !this.run ? place.run : null;
		this.ended = !place.run && !place.gap;
		this.waited = performance.now();
		if (this.run)
			await this.#show();
		else
			this.video.pause();
		this.#tell("state");
		this.#tell("move");
	}

	async #show()
	{
		await this.feed.ready;
		const want = this.feed.seconds(this.at);

		if (Math.abs(this.video.currentTime - want) > 0.001)
			this.video.currentTime = want;
		this.#pump();
		this.#drive();
	}

	#drive()
	{
		this.video.playbackRate = this.speed;
		if (this.wishPlay && this.run && this.video.paused)
			this.video.play().catch(() => {});
		else if (!this.wishPlay)
			this.video.pause();
	}

	async #pump()
	{
		if (this.pumping || this.closed || !this.run)
			return;
		this.pumping = true;
		const { at, run } = this;
		const wanted = () => !this.closed && this.run === run &&
			this.at >= at - 1 && this.at < at + 3e3 * this.speed;
		try {
			await this.feed.pump(at, run, this.speed, wanted);
		} finally {
			this.pumping = false;
		}
		if (!wanted())
			this.#pump();
		this.#tell("state");
	}

	// The browser's position moved, or did not: follow it.
	#moved()
	{
		const v = this.video;

		if (!this.run || this.closed || v.seeking) {
			if (this.run && !this.closed)
				this.#pump();
			return;
		}
		const at = this.feed.instant(v.currentTime);
		const end = this.tape.fragments[this.run.last].to;
		if (v.readyState >= 3)
			this.waited = performance.now();
		if (at >= Math.max(end, this.run.to) - TAIL ||
		    (v.ended && this.wishPlay))
			return this.#endOfRun();
		if (!v.requestVideoFrameCallback || !this.wishPlay)
			this.at = this.#inside(at);
		this.#crumb(at);
		this.#tell("move");
		this.#pump();
	}

	#endOfRun()
	{
		if (!this.wishPlay)
			return;
		const to = this.run.to;
		const place = this.tape.place(to);

		if (place.run && place.run !== this.run) {
			this.seek(place.at);
			return;
		}
		this.wishPlay = false;
		this.seek(place.gap ? to : this.tape.to);
	}

	// A hole of some milliseconds between two segments stops a browser:
	// step over it where the far side is there.
	#crumb(at)
	{
		const b = this.video.buffered;

		if (!this.wishPlay || this.video.readyState >= 3)
			return;
		for (let i = 0; i < b.length; i++) {
			const far = this.feed.instant(b.start(i));
			if (far > at && far - at < 500) {
				this.video.currentTime = b.start(i) + 0.001;
				return;
			}
		}
	}

	async #broken()
	{
		if (this.closed || !this.run || !this.video.error)
			return;
		const f = this.tape.fragmentAt(this.at, this.run);

		(this.feed.last ?? f).bad = f.bad = new Error("decode");
		await this.feed.reopen();
		this.seek(this.at);
	}

	// The fragment at the position when it cannot be shown; else null.
	get bad()
	{
		if (!this.run || this.video.readyState >= 3)
			return null;
		const f = this.tape.fragmentAt(this.at, this.run);

		return f.bad && !this.feed.holds(this.at) ? f : null;
	}

	get slow()
	{
		return this.run !== null && this.video.readyState < 2 &&
			performance.now() - this.waited > PATIENCE;
	}

	retry()
	{
		for (const f of this.tape.fragments)
			f.bad = null;
		this.seek(this.at);
	}

	// The first instant after a bad fragment, or null.
	get beyondBad()
	{
		const f = this.bad && this.tape.fragments.find((g) =>
			g.n > this.bad.n && g.run === this.run && g.key);

		return f ? f.from + STEP_IN : this.tape.recordedFrom(
			this.run ? this.run.to : this.at);
	}

	play()
	{
		this.#forward();
		this.wishPlay = true;
		this.#drive();
		this.#tell("state");
	}

	pause()
	{
		this.#forward();
		this.wishPlay = false;
		this.video.pause();
		this.#tell("state");
	}

	toggle()
	{
		if (this.playing)
			this.pause();
		else
			this.play();
	}

	setSpeed(speed)
	{
		this.speed = speed;
		this.#drive();
		this.#tell("state");
	}

	// Backwards: key frame by key frame, at the pace of the speed.
	reverse()
	{
		this.pause();
		this.back = setTimeout(() => this.#backStep(), 0);
		this.#tell("state");
	}

	#forward()
	{
		clearTimeout(this.back);
		this.back = 0;
	}

	async #backStep()
	{
		const run = this.run;
		const f = run && this.tape.fragmentAt(this.at - STEP_IN * 2, run);
		const key = f && this.tape.keyOf(f);

		if (!key || this.at - key.from < 1) {
			this.pause();
			return;
		}
		const pace = (this.at - key.from) / this.speed;
		await this.seek(key.from + STEP_IN);
		if (this.back)
			this.back = setTimeout(() => this.#backStep(),
				Math.max(pace, 100));
	}

	// One picture on (1) or back (-1), by the pictures' own times.
	async step(way)
	{
		this.pause();
		if (!this.run)
			return;
		const shown = this.feed.instant(this.video.currentTime) +
			ROUNDING;
		const f = this.tape.fragmentAt(this.at, this.run);
		const times = await this.#timesAround(f);
		const current = times.findLastIndex((t) => t <= shown);
		const next = times[current + way];
		if (next !== undefined)
			await this.seek(next + STEP_IN);
		else if (way > 0)
			await this.seek(this.run.to);
	}

	async #timesAround(f)
	{
		const near = [f.n - 1, f.n, f.n + 1].map((n) =>
			this.tape.fragments[n]).filter((g) => g?.run === f.run);

		for (const g of near)
			if (!g.times)
				await this.feed.pump(g.from + STEP_IN, g.run,
					0, () => true);
		return near.flatMap((g) => g.times ?? [])
			.sort((a, b) => a - b);
	}
}
