// thumbs.js - small pictures for the timeline, made in this browser out of
// fragments inside the grant; of key frames, so that one costs one fragment.
import { Feed } from "./feed.js";
import { canShow } from "./reel.js";
import { cover } from "./zones.js";

const WIDTH = 192;
const KEPT = 120;	// pictures kept; the oldest goes first
const PATIENCE = 4e3;	// ms until a picture is given up

export class Thumbs {
	constructor(tape, request, zones)
	{
		this.tape = tape;
		this.zones = zones;
		this.request = request;
		this.kept = new Map();	// number of a fragment: its canvas
		this.turn = Promise.resolve();
	}

	close()
	{
		this.closed = true;
		this.feed?.close();
	}

	// The picture of the key frame at or before an instant, as a canvas, or
	// null where there is none. Only the newest wish is fulfilled.
	at(wish)
	{
		const { run } = this.tape.place(wish);

		if (!run || !canShow(run.mime) || this.closed)
			return Promise.resolve(null);
		const key = this.tape.keyOf(this.tape.fragmentAt(wish, run));
		if (this.kept.has(key.n))
			return Promise.resolve(this.kept.get(key.n));
		this.newest = key;
		this.turn = this.turn.then(() => this.newest === key ?
			this.#make(key, run) : null).catch(() => null);
		return this.turn;
	}

	async #make(key, run)
	{
		if (!this.feed) {
			this.video = document.createElement("video");
			this.video.muted = true;
			this.feed = new Feed(this.video, this.tape, this.request,
				() => this.close());
		}
		const at = key.from + 2;
		await this.feed.bring(at, run, 1, () => !this.closed);
		if (this.closed || key.bad || !await this.#goTo(at))
			return null;
		return this.#draw(key);
	}

	#goTo(at)
	{
		return new Promise((done) => {
			const end = setTimeout(() => done(false), PATIENCE);
			const there = () => {
				clearTimeout(end);
				done(true);
			};
			if (this.video.requestVideoFrameCallback)
				this.video.requestVideoFrameCallback(there);
			else
				this.video.addEventListener("seeked", there,
					{ once: true });
			this.video.currentTime = this.feed.seconds(at);
		});
	}

	#draw(key)
	{
		const { videoWidth: w, videoHeight: h } = this.video;
		const canvas = document.createElement("canvas");

		canvas.width = WIDTH;
		canvas.height = Math.round(WIDTH * h / Math.max(1, w));
		const pen = canvas.getContext("2d");
		pen.drawImage(this.video, 0, 0, canvas.width, canvas.height);
		cover(pen, this.zones, canvas.width, canvas.height);
		this.kept.set(key.n, canvas);
		if (this.kept.size > KEPT)
			this.kept.delete(this.kept.keys().next().value);
		return canvas;
	}
}
