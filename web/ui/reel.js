// reel.js - one camera's picture inside a grant. It has no clock of its own: the
// player says where all cameras are. The position lies in a run, and then that
// picture is shown, or in a gap, and then none is.
import { Feed } from "./feed.js";

const PATIENCE = 4e3;	// ms without a picture until the others go on alone
const FAR = 300;	// ms off the clock that are jumped, not caught up
const PULL = 1.5;	// part of the drift that is caught up in a second
const NEAR = 4;		// ms of drift that are left alone
const BORDER = 300;	// ms before what cannot be shown where playing may halt
const TAIL = 60;	// ms before a run's end that count as its end
const STAND = 500;	// ms without going on, though it should

export const canShow = (mime) =>
	"MediaSource" in window && MediaSource.isTypeSupported(mime);

export class Reel extends EventTarget {
	// Events: "frame" (another picture), "state" (all else). refuse(problem)
	// is told when the grant itself is refused.
	constructor(video, tape, request, refuse)
	{
		super();
		Object.assign(this, { video, tape, at: tape.from, run: null,
			gap: null, unshown: null, ended: false, speed: 1,
			waited: performance.now(), stood: null, since: 0,
			painted: null });
		this.feed = new Feed(video, tape, request, refuse);
		video.addEventListener("error", () => this.#broken());
		for (const type of ["seeked", "timeupdate"])
			video.addEventListener(type, () => this.#tell("frame"));
		if (video.requestVideoFrameCallback)
			this.#frames();
	}

	#tell(type) { this.dispatchEvent(new Event(type)); }

	#frames()
	{
		this.video.requestVideoFrameCallback((now, frame) => {
			if (this.closed)
				return;
			this.painted = this.feed.instant(frame.mediaTime);
			if (this.run && !this.video.seeking) {
				this.frame = this.painted;
				this.#tell("frame");
			}
			this.#frames();
		});
	}

	close()
	{
		this.closed = true;
		this.feed.close();
	}

	#place(wish)
	{
		const place = this.tape.place(wish);

		this.at = place.at;
		this.gap = place.gap ?? null;
		this.run = place.run && canShow(place.run.mime) ?
			place.run : null;
		this.unshown = place.run && !this.run ? place.run : null;
		this.ended = !place.run && !place.gap;
		this.frame = null;
		this.moving = this.run !== null;
		this.waited = performance.now();
		this.#tell("state");
	}

	// Stand at an instant; where it lies in a gap, no picture is shown.
	// anew: paint it again even where the browser is there, since what is on
	// screen lags behind while it plays fast.
	async seek(wish, anew = false)
	{
		this.#place(wish);
		if (!this.run)
			return this.video.pause();
		await this.feed.ready;
		if (this.closed || !this.run)
			return;
		const want = this.feed.seconds(this.at);
		if (anew || Math.abs(this.video.currentTime - want) > 0.001)
			this.video.currentTime = want;
		this.moving = false;
		this.pump();
	}

	// Where the picture is, by the browser's own position.
	get position() { return this.feed.instant(this.video.currentTime); }

	// Is the picture of that instant there, and the browser at it?
	get ready()
	{
		const there = !this.moving && !this.video.seeking && this.video.readyState >= 2 &&
			this.feed.holds(this.position);

		if (there)
			this.waited = performance.now();
		return there;
	}

	// Nothing to wait for: no footage here, or none that comes.
	get idle()
	{
		return !this.run || this.bad !== null ||
			performance.now() - this.waited > PATIENCE;
	}

	// The last picture may end before what was entered of its fragment: then
	// the browser stands with it, and nothing more comes. Where it stands may
	// be a little before the picture's own time, as it paints ahead of it.
	get atEnd()
	{
		const { times, to } = this.tape.fragments[this.run.last];
		const at = this.position;
		const last = times?.length ? Math.max(...times) : Infinity;

		return at >= Math.max(to, this.run.to) - TAIL ||
			(Math.max(at, this.frame ?? at) >= last - 1 &&
			this.feed.holds(last) &&
			(!this.feed.holds(at + TAIL) || this.#stands));
	}

	get #stands()
	{
		return this.going && this.stood === this.position &&
			performance.now() - this.since > STAND;
	}

	// Go, or stand and wait for the others.
	drive(speed, go)
	{
		const v = this.video;

		this.speed = speed;
		this.going = go;
		if (!go || this.stood !== this.position) {
			this.stood = this.position;
			this.since = performance.now();
		}
		if (!this.run || this.moving)
			return;
		if (v.playbackRate !== speed)
			v.playbackRate = speed;
		if (go && v.paused)
			v.play().catch(() => {});
		else if (!go && !v.paused)
			v.pause();
		this.#crumb();
		this.at = this.position;
		this.pump();
	}

	// Stay with the clock: a little faster or slower, or jump where far off.
	follow(at, speed, go)
	{
		if (!this.#covers(at) || at > (this.bad?.to ?? Infinity))
			return this.seek(at);
		this.drive(speed, go);
		if (!this.run || this.moving || this.video.seeking)
			return undefined;
		const drift = this.position - Math.max(at, this.run.from);
		if (Math.abs(drift) > FAR * Math.max(1, speed) && this.ready)
			this.video.currentTime = this.feed.seconds(
				Math.max(at, this.run.from) + 20 * speed);
		else if (Math.abs(drift) > NEAR)
			this.video.playbackRate = speed - Math.min(Math.max(
				drift / 1e3 * PULL, -speed / 3), speed / 3);
		return undefined;
	}

	#covers(at)
	{
		const s = this.run ?? this.gap ?? this.unshown;

		if (s)
			return at < s.to && (at >= s.from || s === this.run);
		const { run, gap } = this.tape.place(at);
		return !run && !gap;
	}

	async pump()
	{
		if (this.pumping || this.closed || !this.run)
			return;
		this.pumping = true;
		const { at, run, speed } = this;
		const wanted = () => !this.closed && this.run === run &&
			this.at >= at - 1 && this.at < at + 3e3 * speed;
		try {
			await this.feed.pump(at, run, speed, wanted);
		} finally {
			this.pumping = false;
		}
		if (!wanted())
			this.pump();
		this.#tell("state");
	}

	// A hole of some milliseconds between two segments stops a browser:
	// step over it where the far side is there.
	#crumb()
	{
		const b = this.video.buffered;
		const at = this.position;

		if (this.video.readyState >= 3 || this.video.seeking)
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
		if (f.bad)
			return this.feed.holds(this.at) ? null : f;
		// playing ends at the last picture before it
		const next = this.tape.fragments[f.n + 1];
		return this.going && next?.bad && next.run === this.run &&
			this.at > f.to - BORDER ? next : null;
	}

	retry()
	{
		for (const f of this.tape.fragments)
			f.bad = null;
		return this.seek(this.at);
	}

	// The first instant after a bad fragment, or null.
	get beyondBad()
	{
		const f = this.bad && this.tape.fragments.find((g) =>
			g.n > this.bad.n && g.run === this.run && g.key && !g.bad);

		return f ? f.from + 2 : this.tape.recordedFrom(
			this.run ? this.run.to : this.at);
	}

	// Instants of the pictures round the one at the position, ascending.
	async times()
	{
		const f = this.tape.fragmentAt(this.at, this.run);
		const near = [f.n - 1, f.n, f.n + 1].map((n) =>
			this.tape.fragments[n]).filter((g) => g?.run === f.run);

		for (const g of near)
			if (!g.times)
				await this.feed.pump(g.from + 2, g.run, 0,
					() => true);
		return near.flatMap((g) => g.times ?? [])
			.sort((a, b) => a - b);
	}
}
