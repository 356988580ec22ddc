// zones.js - what a view of a camera covers: over a playing video, and in the
// pictures that are made of it here. A courtesy: what is recorded, played and
// exported is whole, and the page holds it.
import { el } from "./dom.js";

const SCALE = 1000;	// coordinates are per mille of the picture
const GRAIN = 12;	// mosaic stones along the shorter side of a picture
const FILL = "#3c4043";

// A canvas over the video, painted anew with each of its pictures. (A blur by
// style sheets knows no corners in Chromium, and in Firefox no videos.)
export function covers(video, zones)
{
	const canvas = el("canvas", { class: "zones", "aria-hidden": true });
	const pen = canvas.getContext("2d");
	let shown = false;
	const paint = () => {
		const [w, h] = [video.videoWidth, video.videoHeight];

		if (canvas.width !== w || canvas.height !== h)
			[canvas.width, canvas.height] = [w, h];
		if (w)
			cover(pen, zones, w, h, video);
		shown = shown || canvas.isConnected;
		if (!shown || canvas.isConnected)
			next();
	};
	const next = () => video.requestVideoFrameCallback ?
		video.requestVideoFrameCallback(paint) :
		requestAnimationFrame(paint);

	video.addEventListener("loadeddata", paint, { once: true });
	return canvas;
}

function path(pen, zone, w, h)
{
	pen.beginPath();
	for (const c of zone.corners)
		pen.lineTo(c.x * w / SCALE, c.y * h / SCALE);
	pen.closePath();
}

const steps = new Map();	// canvases by size, each used anew at once

function stepOf(w, h)
{
	const key = `${w} ${h}`;

	if (!steps.has(key))
		steps.set(key, Object.assign(document.createElement("canvas"),
			{ width: w, height: h }));
	return steps.get(key);
}

// The picture as large stones: what is small in it cannot be made out. It is
// halved again and again, so that a stone is the mean of what it covers; in one
// step browsers take single pixels of it.
function mosaic(picture, w, h)
{
	const stone = Math.max(1, Math.min(w, h) / GRAIN);
	const last = [w, h].map((n) => Math.max(1, Math.round(n / stone)));
	let from = picture, [a, b] = [w, h];

	do {
		const [c, d] = [Math.max(last[0], Math.ceil(a / 2)),
			Math.max(last[1], Math.ceil(b / 2))];
		const to = stepOf(c, d);

		to.getContext("2d").drawImage(from, 0, 0, a, b, 0, 0, c, d);
		[from, a, b] = [to, c, d];
	} while (a > last[0] || b > last[1]);
	return from;
}

// Cover the zones of a picture of w to h, drawn by the pen already, or shown
// under it.
export function cover(pen, zones, w, h, picture = pen.canvas)
{
	if (!zones.length)
		return;
	const stones = mosaic(picture, w, h);
	for (const zone of zones) {
		pen.save();
		path(pen, zone, w, h);
		pen.clip();
		pen.fillStyle = FILL;
		if (zone.kind === "fill")
			pen.fillRect(0, 0, w, h);
		else
			pen.drawImage(stones, 0, 0, w, h);
		pen.restore();
	}
}
