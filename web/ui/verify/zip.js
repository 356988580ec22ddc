// zip.js - the strict reading of a package, as storage/zip.c: stored files one
// after another, without a hole, a comment or two of one name. Throws Bad.
export class Bad extends Error {}

const FILES_MAX = 4096, DIRECTORY_MAX = 4 << 20;
const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,119}$/;

export async function readAt(blob, at, n)
{
	if (at < 0 || n < 0 || at + n > blob.size)
		throw new Bad("package");
	return new Uint8Array(await blob.slice(at, at + n).arrayBuffer());
}

const le = (b, at, n) => {
	let v = 0;

	while (n--)
		v = v * 256 + b[at + n];
	return v;
};

const need = (truth) => {
	if (!truth)
		throw new Bad("package");
};

async function findEnd64(blob, end)
{
	need(end >= 76);
	const locator = await readAt(blob, end - 20, 20);
	const at = le(locator, 8, 8);
	need(le(locator, 0, 4) === 0x07064b50 && !le(locator, 4, 4) &&
		le(locator, 16, 4) === 1 && at === end - 76);
	const b = await readAt(blob, at, 56);
	need(le(b, 0, 4) === 0x06064b50 && le(b, 4, 8) === 44 &&
		!le(b, 16, 4) && !le(b, 20, 4) && le(b, 24, 8) === le(b, 32, 8));
	const d = { n: le(b, 32, 8), size: le(b, 40, 8), off: le(b, 48, 8) };
	need(d.off <= at && d.size === at - d.off);
	return d;
}

async function findEnd(blob)
{
	need(blob.size >= 22);
	const end = blob.size - 22, b = await readAt(blob, end, 22);
	need(le(b, 0, 4) === 0x06054b50 && !le(b, 4, 2) && !le(b, 6, 2) &&
		le(b, 8, 2) === le(b, 10, 2) && !le(b, 20, 2));
	const d = { n: le(b, 10, 2), size: le(b, 12, 4), off: le(b, 16, 4) };
	if (d.n === 0xffff || d.size === 2 ** 32 - 1 || d.off === 2 ** 32 - 1)
		return findEnd64(blob, end);
	need(d.off <= end && d.size === end - d.off);
	return d;
}

// ZIP64: sizes and place that do not fit, in this order.
function widen(b, at, end, r)
{
	while (end - at >= 4) {
		const len = le(b, at + 2, 2);
		let k = at + 4;

		need(len <= end - at - 4);
		if (le(b, at, 2) === 1)
			for (const name of ["size", "stored", "at"]) {
				if (r[name] !== 2 ** 32 - 1)
					continue;
				need(at + 4 + len - k >= 8);
				r[name] = le(b, k, 8);
				k += 8;
			}
		at += 4 + len;
	}
	need(at === end);
}

function record(b, at)
{
	need(b.length - at >= 46 && le(b, at, 4) === 0x02014b50 &&
		!le(b, at + 10, 2) && !le(b, at + 32, 2) && !le(b, at + 34, 2));
	const r = { flags: le(b, at + 8, 2), crc: le(b, at + 16, 4),
		stored: le(b, at + 20, 4), size: le(b, at + 24, 4),
		at: le(b, at + 42, 4) };
	const name = le(b, at + 28, 2), extra = le(b, at + 30, 2);
	need(!(r.flags & ~0x0808) && b.length - at - 46 >= name + extra);
	r.name = String.fromCharCode(...b.subarray(at + 46, at + 46 + name));
	need(NAME.test(r.name));
	widen(b, at + 46 + name, at + 46 + name + extra, r);
	need(r.stored === r.size);
	r.next = at + 46 + name + extra;
	return r;
}

// The local header stands where the file before it ended, and says the same.
async function checkLocal(blob, end, r, at)
{
	const n = r.name.length;

	need(r.at === at && end - at >= 30 + n);
	const b = await readAt(blob, at, 30 + n);
	need(le(b, 0, 4) === 0x04034b50 && le(b, 6, 2) === r.flags &&
		!le(b, 8, 2) && le(b, 26, 2) === n &&
		String.fromCharCode(...b.subarray(30)) === r.name);
	at += 30 + n + le(b, 28, 2);
	r.off = at;
	need(at <= end && r.size <= end - at);
	at += r.size;
	if (!(r.flags & 8))
		return at;
	const d = await readAt(blob, at, Math.min(24, end - at));
	need(d.length >= 16 && le(d, 0, 4) === 0x08074b50 &&
		le(d, 4, 4) === r.crc);
	if (le(d, 8, 4) === r.size && le(d, 12, 4) === r.size)
		return at + 16;
	need(d.length === 24 && le(d, 8, 8) === r.size &&
		le(d, 16, 8) === r.size);
	return at + 24;
}

// A Map of name to {off, size}, in the order in which they stand.
export async function readZip(blob)
{
	const d = await findEnd(blob), files = new Map();
	let at = 0, p = 0;

	need(d.n <= FILES_MAX && d.size <= DIRECTORY_MAX);
	const b = await readAt(blob, d.off, d.size);
	for (let i = 0; i < d.n; i++) {
		const r = record(b, p);
		at = await checkLocal(blob, d.off, r, at);
		need(!files.has(r.name));
		files.set(r.name, { off: r.off, size: r.size });
		p = r.next;
	}
	need(p === b.length && at === d.off);
	return files;
}
