// player.js - the cameras of a grant in step. One of them leads: its video is
// the clock, the others stay with it. The main one leads where it has footage.
import { Reel } from "./reel.js";

const STEP_IN = 2;	// ms inside a picture's time, clear of rounding
const ROUNDING = 0.02;	// ms that a browser may round a time by (it counts in us)
const TICK = 100;	// ms between two looks at the cameras
export const speeds = [0.25, 0.5, 1, 2, 4, 8];

export class Player extends EventTarget {
	// Events: "move" (position), "state" (all else). videos and tapes go
	// together; main is the number of the one that is looked at.
	constructor(videos, tapes, request, main)
	{
		super();
		this.reels = tapes.map((tape, i) => new Reel(videos[i], tape,
			request, (problem) => this.refuse(problem)));
		this.main = this.reels[main];
		this.at = this.main.tape.from;
		this.refused = null;
		this.wishPlay = false;
		this.speed = 1;
		this.back = 0;		// timer of the reverse gear
		for (const reel of this.reels) {
			reel.addEventListener("frame", () => this.#frame(reel));
			reel.addEventListener("state", () => this.#tell("state"));
		}
		this.tick = setInterval(() => this.#look(), TICK);
	}

	#tell(type)
	{
		if (!this.closed || this.refused)
			this.dispatchEvent(new Event(type));
	}

	close()
	{
		this.closed = true;
		clearInterval(this.tick);
		this.#forward();
		for (const reel of this.reels)
			reel.close();
	}

	// The appliance no longer gives this footage: take the pictures away.
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

	// Whose pictures tell the time; null where no camera has any here.
	get lead()
	{
		const shows = (r) => r.run && !r.bad;

		return [this.main, ...this.reels].find(shows) ??
			(this.main.run ? this.main : null);
	}

	look(main)
	{
		this.main = this.reels[main];
		this.#tell("state");
		this.#tell("move");
	}

	#frame(reel)
	{
		if (reel !== this.lead || reel.video.seeking || this.closed)
			return;
		const at = reel.video.requestVideoFrameCallback ? reel.frame :
			this.wishPlay ? reel.position : null;
		if (at !== null && at !== undefined)
			this.at = Math.min(Math.max(at, reel.run.from),
				reel.run.to - 1);
		this.#tell("move");
	}

	// While playing: the leader goes on, the others stay with him, and all
	// wait for one that has footage here and no picture yet.
	#look()
	{
		const lead = this.lead;

		for (const reel of this.reels)
			reel.pump();
		if (!this.wishPlay)
			return;
		if (!lead)
			return void this.#stop(this.at);
		if (lead.bad)
			return void this.#stop(lead.bad.from + STEP_IN);
		if (!lead.moving && (lead.atEnd || lead.video.ended))
			return void this.#cross(lead.run.to);
		const go = this.reels.every((r) => r.ready || r.idle);
		lead.drive(this.speed, go);
		for (const reel of this.reels)
			if (reel !== lead)
				reel.follow(lead.position, this.speed, go);
	}

	// A run of the leader ends: go on where some camera has footage.
	#cross(to)
	{
		const goOn = this.reels.some((r) => r.tape.place(to).run &&
			to < r.tape.to);

		if (!goOn)
			return this.#stop(to);
		this.at = to;
		for (const reel of this.reels)
			if (!reel.run || to >= reel.run.to)
				reel.seek(to);
		this.#tell("move");
		return undefined;
	}

	#stop(at)
	{
		this.wishPlay = false;
		return this.seek(at);
	}

	// All cameras go to an instant.
	async seek(wish)
	{
		if (this.refused)
			return;
		this.at = this.main.tape.place(wish).at;
		await Promise.all(this.reels.map((r) => r.seek(this.at)));
		this.#drive();
		this.#tell("state");
		this.#tell("move");
	}

	#drive()
	{
		for (const reel of this.reels)
			reel.drive(this.speed, this.wishPlay &&
				reel.ready);
	}

	play()
	{
		this.#forward();
		this.wishPlay = true;
		this.#look();
		this.#tell("state");
	}

	// Stand still, all at the instant of the leader's picture.
	pause()
	{
		const at = this.wishPlay ? this.lead?.position : undefined;

		this.#forward();
		this.wishPlay = false;
		for (const reel of this.reels)
			reel.video.pause();
		if (at !== undefined && !this.refused && !this.lead.moving)
			for (const reel of this.reels)
				reel.seek(at, true);
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
		const { run, tape } = this.lead ?? {};
		const f = run && tape.fragmentAt(this.at - STEP_IN * 2, run);
		const key = f && tape.keyOf(f);

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
		const lead = this.lead;
		if (!lead)
			return;
		const shown = lead.position + ROUNDING;
		const times = await lead.times();
		let current = times.findLastIndex((t) => t <= shown);
		// on the border of two the browser may show the former
		if (shown - times[current] < 2 * ROUNDING && !lead.video.seeking &&
			Math.abs(lead.painted - times[current - 1]) < 1)
			current--;
		const next = times[current + way];
		if (next !== undefined)
			await this.seek(next + STEP_IN);
		else if (way > 0)
			await this.seek(lead.run.to);
	}

	// Which picture of its second is shown: [7, 25], or null.
	frameOf()
	{
		const lead = this.lead;

		if (!lead || lead !== this.main)
			return null;
		const second = Math.floor(this.at / 1e3) * 1e3;
		const inside = lead.tape.fragments.slice(lead.run.first,
			lead.run.last + 1).filter((f) => f.to > second &&
			f.from < second + 1e3);
		if (inside.some((f) => !f.times))
			return null;
		const times = inside.flatMap((f) => f.times).filter((t) =>
			t >= second && t < second + 1e3);
		const i = times.filter((t) => t <= this.at + 1).length;

		return i ? [i, times.length] : null;
	}
}
