// mp4.js - the little of ISO/IEC 14496-12 that the player needs: the timescale
// of an init part and the presentation times of a fragment's pictures. Both
// return null where the bytes are not what they should be; never throws.

// The content of the first box on the path of types, as a DataView.
function box(view, path)
{
	const [type, ...rest] = path;

	for (let at = 0; at + 8 <= view.byteLength;) {
		const size = view.getUint32(at);
		const name = String.fromCharCode(...[4, 5, 6, 7].map(
			(i) => view.getUint8(at + i)));
		if (size < 8 || at + size > view.byteLength)
			return null;
		if (name === type) {
			const inner = new DataView(view.buffer,
				view.byteOffset + at + 8, size - 8);
			return rest.length ? box(inner, rest) : inner;
		}
		at += size;
	}
	return null;
}

const guarded = (f) => (buffer) => {
	try {
		return f(new DataView(buffer));
	} catch (e) {
		if (e instanceof RangeError)
			return null;
		throw e;
	}
};

// What an init part says: units per second, and the defaults of trex.
export const readInit = guarded((view) => {
	const mdhd = box(view, ["moov", "trak", "mdia", "mdhd"]);
	const trex = box(view, ["moov", "mvex", "trex"]);

	if (!mdhd)
		return null;
	return { timescale: mdhd.getUint32(mdhd.getUint8(0) ? 20 : 12),
		duration: trex ? trex.getUint32(12) : 0 };
});

// The presentation times of a fragment's samples in seconds of its own
// timeline, ascending; init is what readInit() said.
export const readTimes = (buffer, init) => guarded((view) => {
	const traf = box(view, ["moof", "traf"]);
	const tfdt = traf && box(traf, ["tfdt"]);
	const trun = traf && box(traf, ["trun"]);

	if (!tfdt || !trun)
		return null;
	let time = tfdt.getUint8(0) ? Number(tfdt.getBigUint64(4)) :
		tfdt.getUint32(4);
	return runTimes(trun, time, headerDuration(traf) ?? init.duration)
		.map((u) => u / init.timescale).sort((a, b) => a - b);
})(buffer);

function headerDuration(traf)
{
	const tfhd = box(traf, ["tfhd"]);

	if (!tfhd)
		return null;
	const flags = tfhd.getUint32(0);
	const at = 8 + (flags & 1 ? 8 : 0) + (flags & 2 ? 4 : 0);
	return flags & 8 ? tfhd.getUint32(at) : null;
}

function runTimes(trun, time, duration)
{
	const flags = trun.getUint32(0);
	const n = trun.getUint32(4);
	const times = [];
	let at = 8 + (flags & 1 ? 4 : 0) + (flags & 4 ? 4 : 0);

	for (let i = 0; i < n; i++) {
		let d = duration, shift = 0;
		if (flags & 0x100) {
			d = trun.getUint32(at);
			at += 4;
		}
		at += (flags & 0x200 ? 4 : 0) + (flags & 0x400 ? 4 : 0);
		if (flags & 0x800) {
			shift = trun.getInt32(at);
			at += 4;
		}
		times.push(time + shift);
		time += d;
	}
	return times;
}
