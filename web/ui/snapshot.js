// snapshot.js - one picture as a PNG: below it stand the time, the camera, the
// viewer and the hash of the recorded fragment it was decoded from, the same in
// the file as text. The hash of the whole file goes to the ledger.
import * as api from "./api.js";
import * as time from "./time.js";
import { hex, sha256 } from "./verify/hash.js";
import { cover } from "./zones.js";

const LINE = 22;	// pixels a line of the caption

// {blob, name, sha256} of the picture that the main camera shows.
export async function makeSnapshot(s)
{
	const { video, camera, reel, tape, name, zones } = s.main;
	const { at } = s.player;
	const f = tape.fragmentAt(at, reel.run);
	const data = new Uint8Array(await api.fragment(s.id, camera.camera,
		f.part.seq, f.index));
	const lines = [`${time.dateText(at)} ${time.timeText(at, true)} ` +
		`${time.offsetText(at)}  ${name} (${camera.camera})`,
	`${s.app.site.site}  ${s.id}  ${s.app.session.user}`,
	`segment ${f.part.seq}, fragment ${f.index}, SHA-256`,
	hex(sha256(data)), zones.length &&
		`${zones.length} zone(s) covered in this picture`].filter(Boolean);
	const png = new Uint8Array(await (await paint(video, zones, lines))
		.arrayBuffer());
	const file = withText(png, "Comment", lines.join("\n"));
	const stamp = time.rfc3339(Math.floor(at)).replace(/[:-]/g, "");

	return { blob: new Blob([file], { type: "image/png" }),
		name: `${s.id}_${camera.camera}_${stamp}.png`.replaceAll("+", "p"),
		sha256: hex(sha256(file)) };
}

function paint(video, zones, lines)
{
	const canvas = document.createElement("canvas");
	const pen = canvas.getContext("2d");
	const { videoWidth: w, videoHeight: h } = video;

	canvas.width = w;
	canvas.height = h + LINE * lines.length + 10;
	pen.fillStyle = "#fff";
	pen.fillRect(0, 0, canvas.width, canvas.height);
	pen.drawImage(video, 0, 0);
	cover(pen, zones, w, h);
	pen.fillStyle = "#000";
	pen.font = "14px monospace";
	lines.forEach((text, i) => pen.fillText(text, 8,
		h + LINE * (i + 1), w - 16));
	return new Promise((done) => canvas.toBlob(done, "image/png"));
}

// PNG (ISO/IEC 15948), 11.3.4.5: an iTXt chunk in front of IEND.
export function withText(png, key, text)
{
	const utf8 = new TextEncoder();
	const body = [...utf8.encode("iTXt" + key), 0, 0, 0, 0, 0,
		...utf8.encode(text)];
	const end = png.length - 12;
	const file = new Uint8Array(png.length + body.length + 8);
	const view = new DataView(file.buffer);

	file.set(png.subarray(0, end));
	view.setUint32(end, body.length - 4);
	file.set(body, end + 4);
	view.setUint32(end + 4 + body.length, crc32(body));
	file.set(png.subarray(end), end + body.length + 8);
	return file;
}

// ISO/IEC 15948, annex D.
function crc32(bytes)
{
	let c = 0xffffffff;

	for (const b of bytes) {
		c ^= b;
		for (let k = 0; k < 8; k++)
			c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
	}
	return (c ^ 0xffffffff) >>> 0;
}
