// picture.mjs - reads the simulated camera's painted clock off the screen's
// video (tests/camera/scene.h): two rows of 32 squares of 16 pixels.

// Runs in the page: {clock, frame, shown, time} of the picture now painted, of
// the main camera or the one named.
export function readPicture(camera = "")
{
	const screen = document.querySelector(camera ?
		`.screen[data-camera="${camera}"]` : ".screen.main");
	const video = screen?.querySelector("video");
	const canvas = document.createElement("canvas");

	if (!video || video.readyState < 2 || video.seeking)
		return null;
	canvas.width = 560;
	canvas.height = 64;
	const pen = canvas.getContext("2d", { willReadFrequently: true });
	pen.drawImage(video, 0, 0);
	const row = (y) => {
		let value = 0;
		for (let i = 0; i < 32; i++) {
			const d = pen.getImageData(16 + 16 * i + 6, y + 6,
				4, 4).data;
			let sum = 0;
			for (let k = 0; k < d.length; k += 4)
				sum += d[k] + d[k + 1] + d[k + 2];
			value = value * 2 + (sum / 48 > 128 ? 1 : 0);
		}
		return value;
	};
	return { clock: row(16), frame: row(40),
		shown: document.querySelector(".screen .clock")?.textContent ?? "",
		hidden: screen.classList.contains("empty"),
		time: video.currentTime, paused: video.paused };
}

// "22.11.2026 14:15:07.320 UTC+05:00" as Unix seconds.
export function secondsOf(text)
{
	const m = /(\d\d)\.(\d\d)\.(\d{4}) ([\d:]{8}\.\d{3}) UTC([+-]\d\d:\d\d)/
		.exec(text);

	return m ? Date.parse(`${m[3]}-${m[2]}-${m[1]}T${m[4]}${m[5]}`) / 1e3 :
		NaN;
}

// Seconds by which the painted clock is ahead of an instant.
export function ahead(painted, seconds)
{
	const there = Math.floor(seconds * 25) % 2 ** 32;
	const d = (painted - there) % 2 ** 32;

	return (d > 2 ** 31 ? d - 2 ** 32 : d < -(2 ** 31) ? d + 2 ** 32 : d) /
		25;
}

// Looks that must see one picture: a busy browser paints another one late.
const STILL = 3;

// The picture that stands still after a step away from `before`; or that one,
// where none follows.
export async function nextPicture(p, before)
{
	for (let i = 0; i < 100; i++) {
		const r = await p.eval(readPicture);
		if (r && !r.hidden && r.frame !== before.frame)
			break;
		await new Promise((done) => setTimeout(done, 50));
	}
	return stillPicture(p);
}

// The main camera's picture once it stands still, for a person's page.
export async function stillPicture(p)
{
	let last = null, same = 0;

	for (let i = 0; i < 100; i++) {
		const r = await p.eval(readPicture);
		same = r && !r.hidden && r.paused && r.frame === last?.frame ?
			same + 1 : 0;
		if (same === STILL)
			return r;
		last = r;
		await new Promise((done) => setTimeout(done, 120));
	}
	throw new Error("no picture stands still");
}
