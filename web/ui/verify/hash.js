// hash.js - SHA-256 in pieces, and SHA-512 of small things (FIPS 180-4). The
// browser's own digest wants everything at once, and a movie is too large.

function primes(n)
{
	const found = [];

	for (let k = 2; found.length < n; k++)
		if (found.every((p) => k % p))
			found.push(k);
	return found;
}

// The first `bits` bits of the fraction of the n-th root of p, as a BigInt.
function rootBits(p, n, bits)
{
	const target = BigInt(p) << BigInt(n * bits);
	let low = 0n, high = BigInt(p) << BigInt(bits);

	while (low < high) {
		const mid = (low + high + 1n) >> 1n;
		if (mid ** BigInt(n) <= target)
			low = mid;
		else
			high = mid - 1n;
	}
	return low & ((1n << BigInt(bits)) - 1n);
}

const K256 = Int32Array.from(primes(64),
	(p) => Number(BigInt.asIntN(32, rootBits(p, 3, 32))));
const H256 = Int32Array.from(primes(8),
	(p) => Number(BigInt.asIntN(32, rootBits(p, 2, 32))));

export class Sha256 {
	constructor()
	{
		this.state = H256.slice();
		this.block = new Uint8Array(64);
		this.used = 0;
		this.total = 0;
		this.words = new Int32Array(64);
	}

	put(bytes)
	{
		let at = 0;

		this.total += bytes.length;
		if (this.used) {
			at = Math.min(64 - this.used, bytes.length);
			this.block.set(bytes.subarray(0, at), this.used);
			this.used += at;
			if (this.used < 64)
				return this;
			this.round(this.block, 0);
			this.used = 0;
		}
		for (; at + 64 <= bytes.length; at += 64)
			this.round(bytes, at);
		this.block.set(bytes.subarray(at));
		this.used = bytes.length - at;
		return this;
	}

	round(b, at)
	{
		const w = this.words, s = this.state;
		let a = s[0], bb = s[1], c = s[2], d = s[3];
		let e = s[4], f = s[5], g = s[6], h = s[7];

		for (let i = 0; i < 16; i++, at += 4)
			w[i] = b[at] << 24 | b[at + 1] << 16 |
				b[at + 2] << 8 | b[at + 3];
		for (let i = 16; i < 64; i++) {
			const x = w[i - 15], y = w[i - 2];
			w[i] = w[i - 16] + w[i - 7] +
				((x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^
					x >>> 3) +
				((y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^
					y >>> 10) | 0;
		}
		for (let i = 0; i < 64; i++) {
			const t = h + ((e >>> 6 | e << 26) ^
				(e >>> 11 | e << 21) ^ (e >>> 25 | e << 7)) +
				(e & f ^ ~e & g) + K256[i] + w[i] | 0;
			const u = ((a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^
				(a >>> 22 | a << 10)) +
				(a & bb ^ a & c ^ bb & c) | 0;
			h = g; g = f; f = e; e = d + t | 0;
			d = c; c = bb; bb = a; a = t + u | 0;
		}
		s[0] += a; s[1] += bb; s[2] += c; s[3] += d;
		s[4] += e; s[5] += f; s[6] += g; s[7] += h;
	}

	end()
	{
		const bits = this.total * 8, out = new Uint8Array(32);
		const pad = new Uint8Array((this.used < 56 ? 64 : 128) -
			this.used);
		const view = new DataView(pad.buffer);

		pad[0] = 0x80;
		view.setUint32(pad.length - 8, Math.floor(bits / 2 ** 32));
		view.setUint32(pad.length - 4, bits >>> 0);
		this.put(pad);
		this.state.forEach((x, i) =>
			new DataView(out.buffer).setInt32(4 * i, x));
		return out;
	}
}

export const sha256 = (...parts) =>
	parts.reduce((h, p) => h.put(p), new Sha256()).end();

const M64 = (1n << 64n) - 1n;
const K512 = primes(80).map((p) => rootBits(p, 3, 64));
const H512 = primes(8).map((p) => rootBits(p, 2, 64));
const turn = (x, n) => (x >> n | x << (64n - n)) & M64;

export function sha512(bytes)
{
	const padded = new Uint8Array((bytes.length + 17 + 127 >> 7) << 7);
	const view = new DataView(padded.buffer);
	const out = new Uint8Array(64);
	let s = H512.slice();

	padded.set(bytes);
	padded[bytes.length] = 0x80;
	view.setUint32(padded.length - 4, bytes.length * 8);
	for (let at = 0; at < padded.length; at += 128) {
		const w = [];
		let [a, b, c, d, e, f, g, h] = s;

		for (let i = 0; i < 16; i++)
			w[i] = view.getBigUint64(at + 8 * i);
		for (let i = 16; i < 80; i++) {
			const x = w[i - 15], y = w[i - 2];
			w[i] = w[i - 16] + w[i - 7] +
				(turn(x, 1n) ^ turn(x, 8n) ^ x >> 7n) +
				(turn(y, 19n) ^ turn(y, 61n) ^ y >> 6n) & M64;
		}
		for (let i = 0; i < 80; i++) {
			const t = h + (turn(e, 14n) ^ turn(e, 18n) ^
				turn(e, 41n)) + (e & f ^ (e ^ M64) & g) +
				K512[i] + w[i];
			const u = (turn(a, 28n) ^ turn(a, 34n) ^ turn(a, 39n)) +
				(a & b ^ a & c ^ b & c);
			[h, g, f, e, d, c, b, a] =
				[g, f, e, d + t & M64, c, b, a, t + u & M64];
		}
		s = s.map((x, i) => x + [a, b, c, d, e, f, g, h][i] & M64);
	}
	s.forEach((x, i) =>
		new DataView(out.buffer).setBigUint64(8 * i, x));
	return out;
}

export const hex = (bytes) =>
	Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");

export function fromHex(text)
{
	if (typeof text !== "string" || !/^([0-9a-f]{2})*$/.test(text))
		return null;
	return Uint8Array.from(text.match(/../g) ?? [], (x) =>
		parseInt(x, 16));
}

export const same = (a, b) => a.length === b.length &&
	a.every((x, i) => x === b[i]);
