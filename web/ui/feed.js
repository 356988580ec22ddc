// feed.js - puts recorded fragments into one MediaSource, exactly those around
// the position, and takes old ones out again. Nothing is fetched twice while
// it is buffered, nothing beyond the grant is ever asked for.
import * as api from "./api.js";
import { readInit, readTimes } from "./mp4.js";

const AHEAD = 5e3;	// ms fetched before the position, times the speed
const BEHIND = 20e3;	// ms kept behind it
const KEEP = 60e3;	// ms that may lie buffered before old ones are removed
const EDGE = 20;	// ms; rounding of the browser's buffered ranges

export class Feed {
	// fail(problem) is told when the grant itself is refused.
	constructor(video, tape, request, fail)
	{
		this.video = video;
		this.tape = tape;
		this.request = request;
		this.fail = fail;
		// A grant is rounded out to key frames: begin with the first
		// picture, as a MediaSource drops what lies before zero.
		this.origin = Math.min(tape.from,
			tape.runs[0]?.from ?? tape.from);
		this.last = null;	// fragment appended last
		this.part = null;	// part whose init part is in force
		this.turn = Promise.resolve();
		this.stopped = new AbortController();
		this.ready = this.#open();
	}

	#open()
	{
		this.source = new MediaSource();
		this.url = URL.createObjectURL(this.source);
		this.video.src = this.url;
		return new Promise((done) => {
			this.source.addEventListener("sourceopen", () => {
				URL.revokeObjectURL(this.url);
				this.source.duration =
					(this.tape.to - this.origin) / 1e3;
				done();
			}, { once: true });
		});
	}

	close()
	{
		this.stopped.abort();
		this.video.removeAttribute("src");
		this.video.load();
	}

	// A decoder that met bytes it cannot read ends its MediaSource: begin
	// a new one; the caller marked the fragment.
	async reopen()
	{
		this.last = this.part = this.buffer = null;
		this.ready = this.#open();
		await this.ready;
	}

	seconds(at) { return (at - this.origin) / 1e3; }
	instant(seconds) { return this.origin + seconds * 1e3; }

	// Is that instant, and with it its picture, in the browser's buffer?
	holds(at)
	{
		const b = this.video.buffered;
		const s = this.seconds(at);

		for (let i = 0; i < b.length; i++)
			if (b.start(i) - EDGE / 1e3 <= s && s < b.end(i))
				return true;
		return false;
	}

	#has(f)
	{
		return this.holds((f.from + f.to) / 2);
	}

	// Bring in what is needed to show an instant of a run and the seconds
	// after it. wanted() tells whether that is still so. One at a time.
	pump(at, run, speed, wanted)
	{
		return this.bring(at, run, AHEAD * Math.max(1, speed), wanted);
	}

	// The same for so many ms after it.
	bring(at, run, ahead, wanted)
	{
		this.turn = this.turn.then(() =>
			this.#bringAll(at, run, at + ahead, wanted));
		return this.turn;
	}

	async #bringAll(at, run, until, wanted)
	{
		await this.ready;
		const list = this.tape.fragments;
		const first = this.tape.fragmentAt(at, run).n;

		await this.#tidy(at);
		for (let n = first; n <= run.last; n++) {
			if (list[n].from >= until || !wanted())
				return;
			if (list[n].bad || this.#has(list[n]))
				continue;
			await this.#bring(list[n], wanted);
		}
	}

	// Append f; its key frame and what lies between first, where what was
	// appended last is not its neighbour.
	async #bring(f, wanted)
	{
		const list = this.tape.fragments;
		const follows = this.last && this.last.n === f.n - 1 &&
			this.last.run === f.run;
		let n = follows ? f.n : this.tape.keyOf(f).n;

		for (; n <= f.n && wanted(); n++)
			if (!list[n].bad)
				await this.#append(list[n]);
	}

	async #append(f)
	{
		try {
			const signal = this.stopped.signal;
			const init = await this.#init(f.part, signal);
			const data = await api.fragment(this.request,
				this.tape.camera, f.part.seq, f.index, signal);
			f.times ??= this.#times(f, data, init);
			await this.#enter(f, init);
			await this.#do(() => this.buffer.appendBuffer(data));
			this.last = f;
		} catch (e) {
			if (this.stopped.signal.aborted)
				return;
			if (e.status === 401 || e.status === 403)
				this.fail(e);
			f.bad = e;
		}
	}

	async #init(part, signal)
	{
		if (!part.init) {
			const data = await api.init(this.request,
				this.tape.camera, part.seq, signal);
			part.init = { data, ...readInit(data) };
		}
		return part.init;
	}

	// Presentation times of f's pictures as instants, for single steps.
	#times(f, data, init)
	{
		const times = init.timescale ? readTimes(data, init) : null;
		const shift = this.#shift(f.part, init);

		return times?.map((s) => this.instant(s + shift)) ?? [];
	}

	// What is added to a part's own decode times to reach the timeline:
	// the first fragment says both its base and its instant.
	#shift(part, init)
	{
		part.first ??= this.tape.fragments.find((f) => f.part === part);
		const { from, base } = part.first;

		return this.seconds(from) -
			(init.timescale ? Number(base) / init.timescale : 0);
	}

	async #enter(f, init)
	{
		const mime = f.run.mime;

		if (!this.buffer) {
			this.buffer = this.source.addSourceBuffer(mime);
			this.mime = mime;
		}
		if (this.part === f.part)
			return;
		if (this.mime !== mime) {
			this.buffer.changeType(mime);
			this.mime = mime;
		}
		this.buffer.timestampOffset = this.#shift(f.part, init);
		await this.#do(() => this.buffer.appendBuffer(init.data));
		this.part = f.part;
	}

	#do(act)
	{
		return new Promise((done, failed) => {
			const b = this.buffer;
			b.addEventListener("updateend", done, { once: true });
			b.addEventListener("error", () =>
				failed(new api.Problem("decode", 0)),
			{ once: true });
			act();
		});
	}

	// Remove what lies far behind or far ahead of the position.
	async #tidy(at)
	{
		const b = this.video.buffered;
		const now = this.seconds(at);

		if (!b.length || b.end(b.length - 1) - b.start(0) < KEEP / 1e3)
			return;
		if (b.start(0) < now - BEHIND / 1e3)
			await this.#do(() => this.buffer.remove(0,
				now - BEHIND / 1e3));
		if (b.end(b.length - 1) > now + KEEP / 1e3) {
			await this.#do(() => this.buffer.remove(
				now + KEEP / 1e3, Infinity));
			this.last = null;
		}
	}
}
