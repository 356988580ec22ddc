// plays.mjs - what left the box plays in a browser without it: a segment that
// the paper key opened, the movies of a package.
//
//   node plays.mjs about:blank --play FILE.mp4 --second UNIX [--sealed FILE.age]
//       [--browser chromium|firefox]
//
// The camera paints its clock; that of the first picture says UNIX. The sealed
// file is shown to the same player, who can make nothing of it.
import fs from "node:fs";
import { begin, play } from "./lib.mjs";
import { ahead, readPicture } from "./picture.mjs";

const run = await begin("plays", ["play", "second", "sealed?"]);
const { opt, is, p } = run;

// What the player says of the file: its picture's painted clock, and its length.
async function show(file)
{
	await p.open("");
	await p.eval((base64) => {
		const bytes = Uint8Array.from(atob(base64), (c) =>
			c.charCodeAt(0));
		const video = document.createElement("video");

		document.body.innerHTML =
			'<div class="screen main"><b class="clock"></b></div>';
		document.querySelector(".screen").append(video);
		video.muted = true;
		video.onerror = () => { window.refused = true; };
		video.src = URL.createObjectURL(new Blob([bytes],
			{ type: "video/mp4" }));
	}, fs.readFileSync(file).toString("base64"));
	return p.until("an answer of the player", () => window.refused ??
		(document.querySelector("video").readyState > 1 && "plays"));
}

// The first picture: a busy browser is ready before it paints it.
async function painted()
{
	let r = null;

	for (let i = 0; i < 100 && !r?.clock; i++) {
		r = await p.eval(readPicture);
		await new Promise((done) => setTimeout(done, 50));
	}
	return r;
}

await play(run, async () => {
	if (opt.sealed)
		is(await show(opt.sealed) === true,
			"P1 of the sealed file a player shows nothing");
	const answer = await show(opt.play);
	const first = await painted();
	const off = ahead(first?.clock, Number(opt.second));
	is(answer === "plays" && Math.abs(off) < 0.1, "the file plays, and " +
		"its painted clock is its second", `${answer} ${off}`);
	await p.eval(() => document.querySelector("video").play());
	const end = await p.until("its end", () => {
		const v = document.querySelector("video");
		return v.ended && v.currentTime;
	});
	const last = await p.eval(readPicture);
	is(last.frame - first.frame >= end * 20, "to its last picture",
		`${first.frame} ${last.frame} in ${end} s`);
});
