// ed25519.js - checking Ed25519 signatures (RFC 8032, 5.1.7), because not every
// browser can. Nothing here is secret, so it need not take constant time.
import { sha512 } from "./hash.js";

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const mod = (x, m = P) => (x % m + m) % m;

function power(x, n)
{
	let r = 1n;

	for (x = mod(x); n; n >>= 1n, x = x * x % P)
		if (n & 1n)
			r = r * x % P;
	return r;
}

const D = mod(-121665n * power(121666n, P - 2n));
const ROOT = power(2n, (P - 1n) / 4n);	// of -1

// Extended coordinates: x = X/Z, y = Y/Z, T = XY/Z.
function add([x1, y1, z1, t1], [x2, y2, z2, t2])
{
	const a = mod((y1 - x1) * (y2 - x2)), b = mod((y1 + x1) * (y2 + x2));
	const c = mod(2n * D * t1 * t2), d = mod(2n * z1 * z2);
	const e = b - a, f = d - c, g = d + c, h = b + a;

	return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

function times(n, point)
{
	let r = [0n, 1n, 1n, 0n];

	for (; n; n >>= 1n, point = add(point, point))
		if (n & 1n)
			r = add(r, point);
	return r;
}

const little = (bytes) => bytes.reduceRight((n, b) => n << 8n | BigInt(b), 0n);

function point(bytes)
{
	const y = little(bytes) & (1n << 255n) - 1n, odd = BigInt(bytes[31] >> 7);
	const u = mod(y * y - 1n), v = mod(D * y * y + 1n);
	let x = mod(u * power(v, 3n) * power(u * power(v, 7n), (P - 5n) / 8n));

	if (y >= P)
		return null;
	if (mod(v * x * x) !== u) {
		x = mod(x * ROOT);
		if (mod(v * x * x) !== u)
			return null;
	}
	if (x === 0n && odd)
		return null;
	if ((x & 1n) !== odd)
		x = P - x;
	return [x, y, 1n, mod(x * y)];
}

const equal = ([x1, y1, z1], [x2, y2, z2]) =>
	mod(x1 * z2 - x2 * z1) === 0n && mod(y1 * z2 - y2 * z1) === 0n;

const BASE = point(Uint8Array.from({ length: 32 },
	(x, i) => i ? 0x66 : 0x58));

// A point of small order is as bad a key as none; libsodium refuses it too.
const isSmall = (p) => equal(times(8n, p), [0n, 1n, 1n, 0n]);

export function signatureFits(key, message, signature)
{
	if (key.length !== 32 || signature.length !== 64)
		return false;
	const r = point(signature.subarray(0, 32)), a = point(key);
	const s = little(signature.subarray(32));
	if (!r || !a || s >= L || isSmall(a) || isSmall(r))
		return false;
	const all = new Uint8Array(64 + message.length);
	all.set(signature.subarray(0, 32));
	all.set(key, 32);
	all.set(message, 64);
	const k = mod(little(sha512(all)), L);
	return equal(times(s, BASE), add(r, times(k, a)));
}
