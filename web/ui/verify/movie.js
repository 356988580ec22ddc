// movie.js - the samples of a plain MP4 as Saqta lays it out, as
// storage/track.c: ftyp, moov, one mdat that holds the samples one after
// another and nothing else. Throws Bad.
import { Bad, readAt } from "./zip.js";

const MOOV_MAX = 128 << 20, SAMPLES_MAX = 2e6, INT32_MAX = 2 ** 31 - 1;

const must = (truth) => {
	if (!truth)
		throw new Bad("movie");
};

class Bytes {
	constructor(b)
	{
		this.b = b;
		this.view = new DataView(b.buffer, b.byteOffset, b.length);
		this.at = 0;
	}

	left() { return this.b.length - this.at; }

	take(n)
	{
		must(n <= this.left());
		this.at += n;
		return this.b.subarray(this.at - n, this.at);
	}

	u16() { this.take(2); return this.view.getUint16(this.at - 2); }

	u32() { this.take(4); return this.view.getUint32(this.at - 4); }

	u64()
	{
		this.take(8);
		return Number(this.view.getBigUint64(this.at - 8));
	}

	// The next box, null at the end.
	box()
	{
		if (!this.left())
			return null;
		const start = this.at, size = this.u32();
		const type = String.fromCharCode(...this.take(4));
		must(size >= 8);
		this.take(size - 8);
		return { type, bytes: this.b.subarray(start + 8, start + size) };
	}
}

// All boxes of that type among the children.
function every(bytes, type)
{
	const all = new Bytes(bytes), found = [];

	for (let b; (b = all.box());)
		if (b.type === type)
			found.push(b.bytes);
	return found;
}

function only(bytes, type)
{
	const found = every(bytes, type);

	must(found.length === 1);
	return found[0];
}

// A full box's table of entries of `width` bytes.
function table(bytes, width)
{
	const t = new Bytes(bytes), version = t.u32() >>> 24, n = t.u32();

	must(t.left() === n * width);
	return { t, version, n };
}

function stsd(stbl)
{
	const b = new Bytes(only(stbl, "stsd"));

	must(b.u32() === 0 && b.u32() === 1);
	const entry = b.box();
	must(entry && !b.left());
	must(entry.type === "avc1" || entry.type === "hvc1");
	must(entry.bytes.length >= 78);
	const config = only(entry.bytes.subarray(78),
		entry.type === "avc1" ? "avcC" : "hvcC");
	must(config.length >= (entry.type === "avc1" ? 7 : 23) &&
		config[0] === 1);
	return { codec: entry.type, config };
}

function runs(bytes, isComposition, out)
{
	const { t, version, n } = table(bytes, 8);
	let at = 0;

	for (let i = 0; i < n; i++) {
		let run = t.u32();
		const v = t.u32();
		must(run <= out.length - at &&
			!(isComposition && !version && v > INT32_MAX));
		for (; run; run--)
			out[at++] = v;
	}
	must(at === out.length);
}

function sizes(bytes)
{
	const t = new Bytes(bytes);

	t.u32();
	must(t.u32() === 0);
	const n = t.u32();
	must(n && n <= SAMPLES_MAX && t.left() === n * 4);
	return Uint32Array.from({ length: n }, () => t.u32());
}

function chunks(stbl, m)
{
	const c = table(only(stbl, "stsc"), 12), o = table(only(stbl, "co64"), 8);
	let left = c.n, per = 0, until = 0, at = 0, off = m.mediaOff;

	must(left && c.t.u32() === 1);
	for (let chunk = 1; chunk <= o.n; chunk++) {
		if (chunk === 1 || chunk === until) {
			per = c.t.u32();
			must(c.t.u32() === 1);
			until = --left ? c.t.u32() : 0;
			must(!until || until > chunk);
		}
		must(o.t.u64() === off && per && per <= m.n - at);
		for (let i = 0; i < per; i++)
			off += m.sizes[at++];
	}
	must(!left && at === m.n);
}

function parse(moov, m)
{
	const mdia = only(only(moov, "trak"), "mdia");
	const mdhd = new Bytes(only(mdia, "mdhd"));
	const stbl = only(only(mdia, "minf"), "stbl");

	mdhd.take(mdhd.u32() >>> 24 ? 16 : 8);
	m.timescale = mdhd.u32();
	must(m.timescale);
	Object.assign(m, stsd(stbl));
	m.sizes = sizes(only(stbl, "stsz"));
	m.n = m.sizes.length;
	m.durations = new Uint32Array(m.n);
	runs(only(stbl, "stts"), false, m.durations);
	m.compositions = new Uint32Array(m.n);
	if (every(stbl, "ctts").length)
		runs(only(stbl, "ctts"), true, m.compositions);
	m.syncs = new Uint8Array(m.n);
	const s = table(only(stbl, "stss"), 4);
	for (let i = 0, last = 0; i < s.n; i++) {
		const k = s.t.u32();
		must(k > last && k <= m.n);
		m.syncs[k - 1] = 1;
		last = k;
	}
	chunks(stbl, m);
}

// The boxes of the file, by reading their headers alone.
async function boxes(blob, at, size)
{
	const found = [];

	for (let off = 0, i = 0; i < 3; i++) {
		must(size - off >= 8);
		const h = new Bytes(await readAt(blob, at + off, Math.min(16,
			size - off)));
		let n = h.u32(), head = 8;
		const type = String.fromCharCode(...h.take(4));
		if (n === 1) {
			must(h.left() >= 8);
			n = h.u64();
			head = 16;
		}
		must(n >= head && n <= size - off &&
			type === ["ftyp", "moov", "mdat"][i] &&
			(i === 2 || head === 8));
		found.push({ off: off + head, n: n - head });
		off += n;
		must(i < 2 || off === size);
	}
	return found;
}

// {codec, config, timescale, n, sizes, durations, compositions, syncs,
// mediaOff} of the file of `size` bytes at `at`.
export async function readMovie(blob, at, size)
{
	const [, moov, mdat] = await boxes(blob, at, size);
	const m = { mediaOff: mdat.off };

	must(moov.n + 8 <= MOOV_MAX);
	parse(await readAt(blob, at + moov.off, moov.n), m);
	must(m.sizes.reduce((a, b) => a + b, 0) === mdat.n);
	return m;
}
