// proof.js - proof.txt of a package: entries with their inclusion paths, and the
// checkpoint with its signatures, as storage/proof.c, entry.c, note.c. Throws Bad.
import { signatureFits } from "./ed25519.js";
import { same, sha256 } from "./hash.js";
import { Bad } from "./zip.js";

const ENTRY_MAX = 4096, ENTRIES_MAX = 200000, PATH_MAX = 64, NOTE_MAX = 8192;
const SIGNATURES_MAX = 100, NAME_MAX = 160;
const SECONDS_MAX = 9223372036;	// as nanoseconds they have 63 bits
const SERVED_FROM = 20, SERVED_TO = 21;
export const utf8 = (text) => new TextEncoder().encode(text);
const ok = (truth) => {
	if (!truth)
		throw new Bad("proof");
};

// Canonical base64: nothing that would encode differently is accepted.
export function fromBase64(text)
{
	if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4)
		return null;
	const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
	let back = "";
	bytes.forEach((b) => { back += String.fromCharCode(b); });
	return btoa(back) === text ? bytes : null;
}

// What the bytes of a field are: 8 a number, 32 a hash, 64 a signature,
// "t" text without control characters.
const KINDS = { 1: "t", 2: "t", 3: 8, 4: 8, 5: 8, 6: 32, 7: 32, 8: 8, 9: 8,
	10: 8, 11: 8, 12: 8, 13: "t", 14: 8, 15: 8, 16: "t", 17: 32, 18: 8,
	19: 64, 20: 8, 21: 8, 22: 8, 23: 8, 24: "t", 26: 8, 27: 8, 28: 8,
	30: "t", 31: 32, 40: 32, 44: 32, 45: 32, 49: 32, 50: 32, 51: 32, 52: 8,
	90: "t", 91: 32, 92: 32, 93: 8, 100: 8, 101: "t", 102: 8, 103: 32,
	104: 32, 105: 8, 106: 64, 107: 64, 173: 8, 174: 32 };

function field(tag, bytes)
{
	const kind = KINDS[tag];

	if (kind === "t")
		ok(bytes.every((b) => b >= 0x20 && b !== 0x7f));
	else if (kind)
		ok(bytes.length === kind);
	return bytes;
}

function follows(last, tag)
{
	if (last === SERVED_FROM)
		return tag === SERVED_TO;
	if (tag === SERVED_TO)
		return false;
	return last === SERVED_TO && tag === SERVED_FROM || tag > last;
}

// {type, time (BigInt ns), person, fields: Map of tag to bytes, bytes}
export function parseEntry(bytes)
{
	const v = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
	const fields = new Map();
	let at = 19, last = 0;

	ok(bytes.length >= 19 && bytes.length <= ENTRY_MAX && bytes[0] === 1);
	while (bytes.length - at >= 3) {
		const tag = bytes[at], n = v.getUint16(at + 1);
		ok(n <= bytes.length - at - 3 && follows(last, tag));
		const f = field(tag, bytes.subarray(at + 3, at + 3 + n));
		if (!fields.has(tag))
			fields.set(tag, f);
		last = tag;
		at += 3 + n;
	}
	ok(at === bytes.length && last !== SERVED_FROM && v.getUint16(1));
	return { type: v.getUint16(1), time: v.getBigInt64(3),
		person: v.getBigUint64(11), fields, bytes };
}

export const number = (bytes) => bytes && bytes.length === 8 ?
	new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0) : null;
export const fieldText = (bytes) => bytes ?
	new TextDecoder().decode(bytes) : null;

const LEAF = Uint8Array.of(0), NODE = Uint8Array.of(1);
export const leafHash = (bytes) => sha256(LEAF, bytes);
export const nodeHash = (l, r) => sha256(NODE, l, r);

// RFC 9162, 2.1.3.2. Indices are below 2^53; bits are taken by division.
export function pathFits(index, size, leaf, path, root)
{
	let fn = index, sn = size - 1, acc = leaf;

	if (index >= size)
		return false;
	for (const p of path) {
		if (!sn)
			return false;
		if (fn % 2 || fn === sn) {
			acc = nodeHash(p, acc);
			while (!(fn % 2) && fn) {
				fn = Math.floor(fn / 2);
				sn = Math.floor(sn / 2);
			}
		} else {
			acc = nodeHash(acc, p);
		}
		fn = Math.floor(fn / 2);
		sn = Math.floor(sn / 2);
	}
	return !sn && same(acc, root);
}

// RFC 9162, 2.1.4.2: is the tree of `old` leaves the beginning of that of size?
export function growthFits(old, oldRoot, size, root, proof)
{
	let fn = old - 1, sn = size - 1, p = proof;
	const half = (n) => Math.floor(n / 2);

	if (!old || old > size)
		return false;
	if (old === size)
		return !p.length && same(oldRoot, root);
	if (old === 2 ** Math.round(Math.log2(old)))
		p = [oldRoot, ...p];
	if (!p.length)
		return false;
	for (; fn % 2; fn = half(fn), sn = half(sn))
		;
	let fr = p[0], sr = p[0];
	for (const c of p.slice(1)) {
		if (!sn)
			return false;
		if (fn % 2 || fn === sn) {
			fr = nodeHash(c, fr);
			sr = nodeHash(c, sr);
			while (!(fn % 2) && fn) {
				fn = half(fn);
				sn = half(sn);
			}
		} else {
			sr = nodeHash(sr, c);
		}
		fn = half(fn);
		sn = half(sn);
	}
	return !sn && same(fr, oldRoot) && same(sr, root);
}

// The tree head over leaf hashes, as it grows from the left.
export function treeHead(leaves)
{
	const edge = [];
	let acc = null;

	leaves.forEach((leaf, n) => {
		let k = 0;
		for (; Math.floor(n / 2 ** k) % 2; k++)
			leaf = nodeHash(edge[k], leaf);
		edge[k] = leaf;
	});
	for (let k = 0; k < 53; k++)
		if (Math.floor(leaves.length / 2 ** k) % 2)
			acc = acc ? nodeHash(edge[k], acc) : edge[k];
	return acc ?? sha256();
}

// --- signed notes and checkpoints ---

const nameIsRight = (name) => name && utf8(name).length <= NAME_MAX &&
	!/[\x00-\x20\x7f+]/.test(name);
const decimal = (text) => {
	ok(/^(0|[1-9][0-9]{0,15})$/.test(text));
	ok(Number.isSafeInteger(Number(text)));
	return Number(text);
};

// {text (bytes signed), origin, size, root, signatures: [{name, bytes}]}
export function parseNote(note)
{
	const lines = note.split("\n"), end = note.lastIndexOf("\n\n");

	ok(utf8(note).length <= NOTE_MAX && note.endsWith("\n") && end > 0 &&
		end + 2 < note.length && !/[\x00-\x09\x0b-\x1f\x7f]/.test(note));
	const signatures = note.slice(end + 2, -1).split("\n").map((line) => {
		const m = /^\u2014 (\S+) ([A-Za-z0-9+/=]+)$/.exec(line);
		const bytes = m && fromBase64(m[2]);
		ok(bytes && nameIsRight(m[1]) && bytes.length > 4);
		return { name: m[1], bytes };
	});
	ok(signatures.length <= SIGNATURES_MAX);
	ok(lines.length > 3 && nameIsRight(lines[0]));
	const root = fromBase64(lines[2]);
	ok(root && root.length === 32);
	return { text: utf8(note.slice(0, end + 1)), origin: lines[0],
		size: decimal(lines[1]), root, signatures };
}

export const keyId = (name, kind, key) =>
	sha256(utf8(name), Uint8Array.of(10, kind), key).subarray(0, 4);

// true, false (one does not fit), null (this key did not sign).
export function noteSigned(note, name, key)
{
	const id = keyId(name, 1, key);
	let result = null;

	for (const s of note.signatures) {
		if (s.name !== name || s.bytes.length !== 68 ||
		    !same(s.bytes.subarray(0, 4), id))
			continue;
		if (!signatureFits(key, note.text, s.bytes.subarray(4)))
			return false;
		result = true;
	}
	return result;
}

// What a cosignature (u64 time, signature) of this text says; null: it does not
// fit.
export function cosignatureTime(text, key, bytes)
{
	const time = Number(new DataView(bytes.buffer, bytes.byteOffset, 8)
		.getBigUint64(0));

	return time <= SECONDS_MAX && signatureFits(key, joined(utf8(`cosignature/v1\ntime ${time}\n`),
		text), bytes.subarray(8)) ? time : null;
}

// When this witness cosigned (POSIX seconds, cosignature/v1); null.
export function noteCosigned(note, name, key)
{
	const id = keyId(name, 4, key);
	let newest = null;

	for (const s of note.signatures) {
		if (s.name !== name || s.bytes.length !== 76 ||
		    !same(s.bytes.subarray(0, 4), id))
			continue;
		const time = cosignatureTime(note.text, key, s.bytes.subarray(4));
		if (time === null)
			return null;
		newest = Math.max(newest ?? time, time);
	}
	return newest;
}

// {entries: Map of index to entry (with index, path), note, seen: the note that
// witnesses cosigned or null, growth: the proof from it to the other one}
export function parseProof(text)
{
	const entries = new Map(), HEAD = "saqta proof v1\n", growth = [];
	let at = HEAD.length, last = null, seen = null;

	ok(text.startsWith(HEAD));
	if (text.startsWith("witnessed ", at)) {
		const eol = text.indexOf("\n", at);
		const bytes = fromBase64(text.slice(at + 10, eol));
		ok(eol >= 0 && bytes);
		seen = parseNote(new TextDecoder("utf-8", { fatal: true,
			ignoreBOM: true }).decode(bytes));
		ok(seen.size);
		at = eol + 1;
		for (; text[at + 44] === "\n"; at += 45) {
			const hash = fromBase64(text.slice(at, at + 44));
			ok(hash && hash.length === 32 &&
				growth.length < PATH_MAX);
			growth.push(hash);
		}
	}
	for (;;) {
		const eol = text.indexOf("\n", at);
		ok(eol >= 0);
		const line = text.slice(at, eol);
		at = eol + 1;
		if (!line)
			break;
		const m = /^entry ([0-9]+) (.+)$/.exec(line);
		const bytes = fromBase64(m ? m[2] : line);
		ok(bytes);
		if (m) {
			const index = decimal(m[1]);
			ok(entries.size < ENTRIES_MAX &&
				(!last || index > last.index));
			last = { index, path: [], ...parseEntry(bytes) };
			entries.set(index, last);
		} else {
			ok(last && bytes.length === 32 &&
				last.path.length < PATH_MAX);
			last.path.push(bytes);
		}
	}
	ok(last);
	return { entries, note: parseNote(text.slice(at)), seen, growth };
}

// The key that signs the newest checkpoints: that of entry 0, then of each
// change of the key (storage/DESIGN.md, "Keys of the log"). null: none.
export function ownKey(proof)
{
	let key = proof.entries.get(0).fields.get(31);

	for (const x of proof.entries.values()) {
		if (x.type !== 91)
			continue;
		key = nextKey(x, proof.note.origin, key);
		if (!key)
			return null;
	}
	return key ?? null;
}

function joined(...parts)
{
	const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));

	parts.reduce((at, p) => (all.set(p, at), at + p.length), 0);
	return all;
}

function nextKey(x, origin, old)
{
	const f = (tag) => x.fields.get(tag), next = f(31);

	if (!next || !f(107) || !old)
		return null;
	const said = joined(utf8(`saqta log key v1\n${origin}\n`), old, next);
	if (!signatureFits(next, said, f(107)))
		return null;
	if (f(106))
		return signatureFits(old, said, f(106)) ? next : null;
	if (!f(17) || !f(18) || !f(19) || !number(f(18)))
		return null;
	return signatureFits(f(17), joined(utf8("saqta act v1\n"),
		without(x.bytes, 19)), f(19)) ? next : null;
}

// An entry's bytes without the field of that tag.
function without(bytes, tag)
{
	const v = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

	for (let at = 19; at < bytes.length;) {
		const n = 3 + v.getUint16(at + 1);
		if (bytes[at] === tag)
			return joined(bytes.subarray(0, at),
				bytes.subarray(at + n));
		at += n;
	}
	return bytes;
}
