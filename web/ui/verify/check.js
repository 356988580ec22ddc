// check.js - is an evidence package what it claims to be? The same questions in
// the same order as storage/verify*.c: what differs between the two is a bug.
// Nothing in the package is trusted. Findings are codes and values; text.js and
// show.js make sentences of them.
import { fromHex, hex, same, Sha256, sha256 } from "./hash.js";
import { readMovie } from "./movie.js";
import { policyOrigin, policyQuorum } from "./policy.js";
import { fieldText, growthFits, leafHash, noteSigned, number, ownKey, parseProof,
	cosignatureTime, pathFits, treeHead, utf8 } from "./proof.js";
import { Bad, readAt, readZip } from "./zip.js";

const JOIN_NS = 100000000n;	// storage/coverage.h: shorter is no gap
const BEYOND_NS = 60000000000n;	// storage/play.h: behind the granted range
const BLOCK = 4 << 20;
const MANIFEST_MAX = 64 << 20, PROOF_MAX = 256 << 20;
// The names of field 22, by number (storage/DESIGN.md).
const CAUSES = ["none", "no-answer", "password", "network", "no-key-frame",
	"unsupported", "camera-error", "disk-full", "disk-error",
	"storage-away", "recorder-stopped", "recorder-failed", "machine-off",
	"switched-off", "not-yet", "stream-error", "connecting", "lost",
	"clock-step", "expired", "certificate"];
// Six calendar months have at least 181 days.
const TERM_MIN_NS = 181n * 86400n * 1000000000n;
const EPOCH_SHIFT = 48n, EPOCHS_MAX = 31;
export const CLAIMS = ["unchanged", "complete", "time", "people", "log"];

// Throws Bad(code) where what it is told is not so.
const expect = (truth, code) => {
	if (!truth)
		throw new Bad(code);
};

class Verdict {
	constructor()
	{
		this.findings = [];
		this.claims = Object.fromEntries(CLAIMS.map((c) =>
			[c, { answer: "not proven", say: "unread" }]));
		this.origin = false;
		this.export = "";
		this.log = "";
		this.entries = 0;
		this.offsets = [];
	}

	find(kind, code, file = "", at_ms = -1, values = {})
	{
		this.findings.push({ kind, code, file, at_ms, values });
	}

	changed(...rest) { this.find("changed", ...rest); }

	missing(...rest) { this.find("missing", ...rest); }

	has(kind) { return this.findings.some((f) => f.kind === kind); }

	say(claim, answer, say, values = {})
	{
		this.claims[claim] = { answer, say, values };
	}
}

async function readText(v, name, max)
{
	const f = v.files.get(name);

	if (!f) {
		v.out.missing("file", name);
		return null;
	}
	if (f.size > max) {
		v.out.changed("file", name);
		return null;
	}
	return readAt(v.blob, f.off, f.size);
}

// --- the manifest ---

const INSTANT_MAX = 2n ** 62n;	// storage/journal.h
const isText = (x) => typeof x === "string";
const isCount = (x) => Number.isSafeInteger(x) && x >= 0;
const isHash = (x) => fromHex(x)?.length === 32;
const isInstant = (x) => isText(x) && /^[0-9]{1,19}$/.test(x) &&
	BigInt(x) < INSTANT_MAX;

// How far clocks at the site were ahead of UTC, from when on; packages that
// know only the zone's name have none.
const OFFSETS_MAX = 1000;
const areOffsets = (all) => all === undefined || Array.isArray(all) &&
	all.length <= OFFSETS_MAX && all.every((o, i) =>
	isInstant(o?.from_ns) && Number.isInteger(o.minutes) &&
		Math.abs(o.minutes) < 24 * 60 &&
		(!i || BigInt(o.from_ns) > BigInt(all[i - 1].from_ns)));

// Of the log that has an entry; none: the present one.
const isEpoch = (x) => x === undefined || isCount(x) && x > 0 && x < EPOCHS_MAX;

function parseClaim(text)
{
	const b = fromHex(text), view = b && new DataView(b.buffer);

	expect(b && (b.length === 32 || b.length === 128), "manifest");
	if (b.length === 32)
		return { hash: b };
	expect(view.getUint32(0) === 0x53714a31 && !b[5] && !b[6] && !b[7] &&
		(b[4] === 1 || b[4] === 2), "manifest");
	const start = view.getBigInt64(24), duration = view.getBigInt64(32);
	expect(start > -INSTANT_MAX && start < INSTANT_MAX && duration >= 0n &&
		duration < INSTANT_MAX / 2n, "manifest");
	return { hash: leafHash(b), whole: true, type: b[4],
		seq: view.getBigUint64(8), index: view.getUint32(16),
		start, duration, samples: view.getUint32(48), content: b.subarray(72, 104) };
}

function parseManifest(bytes)
{
	let m;

	try {
		m = JSON.parse(new TextDecoder("utf-8", { fatal: true,
			ignoreBOM: true }).decode(bytes));
	} catch {
		throw new Bad("manifest");
	}
	const r = m?.request, list = (x) => Array.isArray(x);
	expect(m?.format === "saqta manifest v1" && ["software", "site",
		"origin", "zone", "export"].every((k) => isText(m[k])) &&
		isText(r?.id) && isCount(r.entry) && isCount(r.decision_entry) &&
		isEpoch(r.epoch) && isEpoch(r.decision_epoch) &&
		isInstant(r.from_ns) && isInstant(r.to_ns) && list(r.cameras) &&
		r.cameras.length <= 16 && r.cameras.every(isText) &&
		["segments", "files", "papers", "gaps", "opened"]
			.every((k) => list(m[k])), "manifest");
	expect(m.segments.every((s) => isText(s?.camera) && isCount(s.seq) &&
			isCount(s.entry) && list(s.leaves) && isEpoch(s.epoch)) &&
		(m.empty === undefined || list(m.empty) &&
			m.empty.every((e) => isText(e?.camera) &&
				isCount(e.seq) && isCount(e.entry) &&
				isEpoch(e.epoch))) &&
		m.files.every((f) => isText(f?.name) && isText(f.camera) &&
			isCount(f.bytes) && isHash(f.sha256) && list(f.parts) &&
			(f.beyond === undefined || isInstant(f.beyond?.from_ns) &&
				isInstant(f.beyond.to_ns)) &&
			f.parts.every((p) => isCount(p?.seq) &&
				isCount(p.first) && isCount(p.count))) &&
		m.papers.every((p) => isText(p?.name) && isHash(p.sha256)) &&
		m.gaps.every((g) => isText(g?.camera) && isText(g.cause) &&
			isInstant(g.from_ns) && isInstant(g.to_ns) &&
			(g.entry === undefined || isCount(g.entry)) &&
			isEpoch(g.epoch)) &&
		m.opened.every((o) => isCount(o?.entry) && isCount(o.tag) &&
			isEpoch(o.epoch) &&
			isHash(o.salt) && isText(o.text)) &&
		areOffsets(m.offsets), "manifest");
	m.from = BigInt(r.from_ns);
	m.to = BigInt(r.to_ns);
	m.byNumber = new Map();
	for (const s of m.segments) {
		s.claims = s.leaves.map(parseClaim);
		m.byNumber.set(`${s.camera} ${s.seq}`, s);
	}
	return m;
}

const readProof = (bytes) => parseProof(new TextDecoder("utf-8",
	{ fatal: true, ignoreBOM: true }).decode(bytes));

// --- log and origin ---

const is = (x, tag, value) => typeof value === "bigint" ?
	number(x.fields.get(tag)) === value :
	fieldText(x.fields.get(tag)) === value;

// The log of an epoch; none: the present one.
const logOf = (v, epoch) => epoch === undefined ? v.proof :
	v.former.get(epoch);

function entryOf(v, epoch, index, type)
{
	const x = logOf(v, epoch)?.entries.get(index);

	if (x && x.type === type)
		return x;
	v.out.changed("entry", epoch === undefined ? "proof.txt" :
		`former-${epoch}.txt`, -1, { entry: index });
	return null;
}

// Do all entries that the claims rest on stand below n? What stands behind it,
// whoever has the log's key can still write anew.
const restsBelow = (proof, n) => [...proof.entries.values()].every((x) =>
	x.index < n || [80, 91, 95].includes(x.type));

function checkOrigin(v)
{
	const { note } = v.proof, { out } = v;
	const first = entryOf(v, undefined, 0, 1);

	out.log = note.origin;
	out.entries = note.size;
	if (first) {
		if (!is(first, 30, note.origin) ||
		    v.manifest.origin !== note.origin)
			out.changed("origin", "proof.txt");
		const key = ownKey(v.proof);
		if (!key || noteSigned(note, note.origin, key) !== true)
			out.changed("signature", "proof.txt");
	}
	const { seen, growth } = v.proof;
	if (seen && (seen.origin !== note.origin || !growthFits(seen.size,
		seen.root, note.size, note.root, growth)))
		out.changed("growth", "proof.txt");
	if (!v.policy)
		return;
	const signed = policyOrigin(v.policy, note);
	if (signed === false)
		out.changed("signature", "proof.txt");
	if (!signed)
		return;
	for (const n of v.policy.quorum === null ? [] : [note, seen])
		if (n && !v.witness) {
			v.witness = policyQuorum(v.policy, n);
			v.witnessed = n.size;
		}
	out.origin = v.policy.quorum === null ||
		v.witness !== null && restsBelow(v.proof, v.witnessed);
}

// --- logs of former epochs: storage/verify_former.c ---

function epochOf(proof)
{
	const x = proof.entries.get(0), n = x && number(x.fields.get(100));

	return n === null || n === undefined ? 1 : n <= EPOCHS_MAX ? Number(n) : 0;
}

// Does the next log's entry 0 name this log, key and checkpoint?
function isNext(next, { note }, key)
{
	const x = next.entries.get(0);

	// the newest checkpoint that was known, or the one that was left
	return x && is(x, 101, note.origin) && [102, 173].some((tag) =>
		is(x, tag, BigInt(note.size)) && x.fields.has(tag + 1) &&
		same(x.fields.get(tag + 1), note.root)) &&
		(!x.fields.has(104) || same(x.fields.get(104), key));
}

function isProofOf(f, epoch)
{
	const first = f.entries.get(0), key = first && ownKey(f);
	const fits = [...f.entries.values()].every((x) => pathFits(x.index,
		f.note.size, leafHash(x.bytes), x.path, f.note.root));

	return fits && first?.type === 1 && is(first, 30, f.note.origin) &&
		epochOf(f) === epoch && key &&
		noteSigned(f.note, f.note.origin, key) === true &&
		(!f.seen || f.seen.origin === f.note.origin && growthFits(
			f.seen.size, f.seen.root, f.note.size, f.note.root,
			f.growth)) ? key : null;
}

const cosigned = (v, f) => [f.note, f.seen].some((n) => n &&
	policyQuorum(v.policy, n) && restsBelow(f, n.size));

async function checkFormer(v)
{
	const m = v.manifest, own = epochOf(v.proof);
	const epochs = [m.request.epoch, m.request.decision_epoch,
		...[...m.segments, ...m.empty ?? [], ...m.gaps, ...m.opened]
			.map((x) => x.epoch)].filter((e) => e !== undefined);
	const lowest = epochs.reduce((a, b) => Math.min(a, b), own);
	let next = v.proof;

	v.former = new Map();
	if (epochs.some((e) => e >= own)) {
		v.out.changed("former", "manifest.json");
		return;
	}
	for (let e = lowest; e < own; e++)
		v.former.set(e, null);
	for (let e = own - 1; e >= lowest; e--) {
		const name = `former-${e}.txt`;
		const bytes = await readText(v, name, PROOF_MAX);
		if (!bytes)
			return;
		let f;
		try {
			f = readProof(bytes);
		} catch {
			v.out.changed("former", name);
			return;
		}
		v.former.set(e, f);
		const key = isProofOf(f, e);
		if (!key || !isNext(next, f, key)) {
			v.out.changed("former", name);
		} else if (v.policy && v.policy.quorum !== null &&
		    !cosigned(v, f)) {
			v.out.origin = false;
			v.unseen = true;
		}
		next = f;
	}
}

async function checkPapers(v)
{
	const known = new Set(["manifest.json", "proof.txt",
		...[...v.former.keys()].map((e) => `former-${e}.txt`),
		...v.manifest.files.map((f) => f.name),
		...v.manifest.papers.map((p) => p.name)]);

	for (const p of v.manifest.papers) {
		const bytes = await readText(v, p.name, MANIFEST_MAX);
		if (bytes && hex(sha256(bytes)) !== p.sha256)
			v.out.changed("file", p.name);
	}
	for (const name of v.files.keys())
		if (!known.has(name))
			v.out.changed("file", name, -1, { foreign: true });
}

// --- footage ---

function checkSegment(v, s)
{
	const x = entryOf(v, s.epoch, s.entry, 30), c = s.claims;

	if (!x)
		return;
	const right = c.length > 0 && c.every((l, i) => !l.whole ? i > 0 :
		l.seq === BigInt(s.seq) && l.type === (i ? 2 : 1) &&
		l.index === (i ? i - 1 : 0));
	const root = treeHead(c.map((l) => l.hash));
	if (!right || !is(x, 1, s.camera) || !is(x, 3, BigInt(s.seq)) ||
	    !is(x, 9, BigInt(c.length - 1)) || !x.fields.has(6) ||
	    !same(x.fields.get(6), root))
		v.out.changed("segment", "manifest.json", -1,
			{ camera: s.camera, from: s.seq, to: s.seq });
}

// Bytes of a file in order, a block at a time.
class Stream {
	constructor(blob, at, size)
	{
		Object.assign(this, { blob, at, end: at + size, block: null,
			used: 0 });
	}

	async read(n, each)
	{
		while (n) {
			if (!this.block || this.used === this.block.length) {
				const m = Math.min(BLOCK, this.end - this.at);
				this.block = await readAt(this.blob, this.at, m);
				this.at += m;
				this.used = 0;
			}
			const m = Math.min(n, this.block.length - this.used);
			each(this.block.subarray(this.used, this.used + m));
			this.used += m;
			n -= m;
		}
	}
}

async function hashFile(v, f)
{
	const h = new Sha256(), s = new Stream(v.blob, f.off, f.size);

	for (let left = f.size; left;) {
		const n = Math.min(left, BLOCK);
		await s.read(n, (b) => h.put(b));
		left -= n;
		v.progress(n);
	}
	return h.end();
}

const u32 = (...all) => {
	const b = new Uint8Array(4 * all.length), view = new DataView(b.buffer);

	all.forEach((x, i) => view.setUint32(4 * i, x));
	return b;
};

// The sample hash of storage/DESIGN.md over the next n samples.
async function hashFragment(c, n)
{
	const h = new Sha256(), m = c.movie;

	h.put(utf8(`saqta samples v1\n${m.codec}`));
	h.put(u32(m.config.length)).put(m.config).put(u32(m.timescale, n));
	for (; n; n--, c.sample++) {
		const i = c.sample, size = m.sizes[i];
		h.put(u32(m.durations[i], m.compositions[i]));
		h.put(Uint8Array.of(m.syncs[i])).put(u32(size));
		await c.stream.read(size, (b) => h.put(b));
		c.ticks += m.durations[i];
	}
	return h.end();
}

const nowMs = (c) => c.movie ?
	Math.floor(c.ticks * 1000 / c.movie.timescale) : -1;

// Fragments that differ one after another are one finding.
function endDifference(v, c)
{
	if (!c.differ)
		return;
	v.out.changed("fragment", c.file.name, c.differMs,
		{ n: c.differ, wall: c.differWall });
	c.differ = 0;
	c.any = true;
}

async function compareFragment(v, c, claim)
{
	const ms = nowMs(c);
	let hash = new Uint8Array(32);

	if (!c.movie)
		return;
	if (claim.samples <= c.movie.n - c.sample)
		hash = await hashFragment(c, claim.samples);
	else
		c.sample = c.movie.n;
	if (same(hash, claim.content)) {
		endDifference(v, c);
		return;
	}
	if (!c.differ++) {
		c.differMs = ms;
		c.differWall = claim.start;
	}
}

function partFollows(v, f, i)
{
	const p = f.parts[i], before = f.parts[i - 1];

	if (!i)
		return true;
	const s = v.manifest.byNumber.get(`${f.camera} ${before.seq}`);
	return s && before.first + before.count === s.claims.length - 1 &&
		p.seq === before.seq + 1 && !p.first;
}

async function comparePart(v, c, i)
{
	const p = c.file.parts[i];
	const s = v.manifest.byNumber.get(`${c.file.camera} ${p.seq}`);
	const n = s ? s.claims.length - 1 : 0;

	if (!s || !partFollows(v, c.file, i) || p.first >= n ||
	    p.count > n - p.first || !p.count) {
		v.out.changed("manifest", c.file.name);
		return;
	}
	for (const claim of s.claims.slice(1 + p.first, 1 + p.first + p.count)) {
		if (!claim.whole) {
			v.out.changed("manifest", c.file.name, nowMs(c));
			return;
		}
		v.held.push({ camera: c.file.camera, seq: s.seq, claim });
		await compareFragment(v, c, claim);
	}
}

// Behind the granted range stands only what the manifest says so of: a little,
// for the signatures of the camera.
function checkBeyond(v, file, held)
{
	const behind = held.filter((h) => h.claim.start >= v.manifest.to);
	let from = 0n, to = 0n;

	for (const { claim: { start, duration } } of behind) {
		from = !to || start < from ? start : from;
		to = start + duration > to ? start + duration : to;
	}
	if (from !== BigInt(file.beyond?.from_ns ?? 0) ||
	    to !== BigInt(file.beyond?.to_ns ?? 0) || to - from > BEYOND_NS)
		v.out.changed("beyond", file.name);
	v.beyond ||= to > 0n;
}

async function checkFile(v, file)
{
	const f = v.files.get(file.name), first = v.held.length;
	const c = { file, movie: null, sample: 0, ticks: 0, differ: 0 };

	if (!f) {
		v.out.missing("file", file.name);
		return;
	}
	const whole = hex(await hashFile(v, f)) === file.sha256 &&
		f.size === file.bytes;
	try {
		c.movie = await readMovie(v.blob, f.off, f.size);
		c.stream = new Stream(v.blob, f.off + c.movie.mediaOff,
			f.size - c.movie.mediaOff);
	} catch (e) {
		if (!(e instanceof Bad))
			throw e;
	}
	for (let i = 0; i < file.parts.length; i++)
		await comparePart(v, c, i);
	endDifference(v, c);
	checkBeyond(v, file, v.held.slice(first));
	if (c.movie && c.sample !== c.movie.n)
		v.out.changed("fragment", file.name, nowMs(c),
			{ more: c.movie.n - c.sample });
	else if (!c.movie)
		v.out.changed("file", file.name);
	else if (!whole && !c.any)
		v.out.changed("file", file.name, -1, { around: true });
}

// --- what is missing ---

function isNamed(m, camera, from, to)
{
	for (let more = true; more && from < to - JOIN_NS;) {
		more = false;
		for (const g of m.gaps) {
			if (g.camera !== camera ||
			    BigInt(g.from_ns) > from + JOIN_NS ||
			    BigInt(g.to_ns) <= from)
				continue;
			from = BigInt(g.to_ns);
			more = true;
		}
	}
	return from >= to - JOIN_NS;
}

function needGap(v, camera, from, to)
{
	if (to - from > JOIN_NS && !isNamed(v.manifest, camera, from, to))
		v.out.missing("hole", "", -1, { camera, fromNs: from, toNs: to });
}

// Does the log say that this number came to nothing?
function isEmpty(v, camera, seq)
{
	const e = v.manifest.empty?.find((m) => m.seq === seq &&
		m.camera === camera);
	const x = e && logOf(v, e.epoch)?.entries.get(e.entry);

	return x?.type === 30 && is(x, 1, camera) && is(x, 3, BigInt(seq)) &&
		is(x, 9, 0n);
}

function checkCamera(v, camera)
{
	const m = v.manifest;
	let at = m.from, before = null;

	for (const h of v.held.filter((x) => x.camera === camera)) {
		const { start, duration } = h.claim;
		let from = before ? before.seq + 1 : h.seq;
		while (from < h.seq && isEmpty(v, camera, from))
			from++;
		if (from < h.seq)
			v.out.missing("segment", "", -1, { camera, from,
				to: h.seq - 1 });
		needGap(v, camera, at, start < m.to ? start : m.to);
		if (start + duration > at)
			at = start + duration;
		before = h;
	}
	needGap(v, camera, at, m.to);
	for (const g of m.gaps)
		if (g.camera === camera && g.cause === "lost")
			v.out.missing("lost", "", -1, { camera,
				fromNs: BigInt(g.from_ns), toNs: BigInt(g.to_ns) });
}

// Does the entry close this gap with this cause, or erase what was there?
function saysGap(x, g)
{
	const from = x && number(x.fields.get(4)), to = x && number(x.fields.get(5));

	if (!x || !is(x, 1, g.camera) || from === null || to === null ||
	    BigInt.asIntN(64, from) > BigInt(g.from_ns) + JOIN_NS ||
	    BigInt.asIntN(64, to) < BigInt(g.to_ns) - JOIN_NS)
		return false;
	if (x.type === 49)
		return g.cause === "expired";
	return x.type === 33 && x.fields.has(22) &&
		g.cause === CAUSES[number(x.fields.get(22))];
}

function checkGaps(v)
{
	for (const g of v.manifest.gaps) {
		const x = logOf(v, g.epoch)?.entries.get(g.entry);
		const toNs = BigInt(g.to_ns), values = { camera: g.camera,
			fromNs: BigInt(g.from_ns), toNs };
		if (g.entry === undefined)
			continue;
		if (!saysGap(x, g))
			v.out.changed("gap", "manifest.json", -1, { ...values,
				entry: g.entry });
		else if (x.type === 49 && x.time < toNs + TERM_MIN_NS)
			v.out.missing("early", "", -1, values);
	}
}

async function checkFootage(v)
{
	const m = v.manifest, { out } = v;

	v.held = [];
	m.segments.forEach((s) => checkSegment(v, s));
	for (const f of m.files)
		await checkFile(v, f);
	v.held.sort((a, b) => a.claim.start < b.claim.start ? -1 :
		a.claim.start > b.claim.start ? 1 : 0);
	out.say("unchanged", "proven", v.beyond ? "beyond" : "unchanged",
		{ files: m.files.length, n: v.held.length });
	m.request.cameras.forEach((c) => checkCamera(v, c));
	checkGaps(v);
	const named = m.gaps.filter((g) => g.cause !== "lost");
	const unsaid = named.filter((g) => g.entry === undefined).length;
	const values = { fromNs: m.from, toNs: m.to, n: named.length, unsaid,
		cameras: m.request.cameras.length };
	if (out.has("missing") || out.has("changed"))
		out.say("complete", "not proven", "incomplete", values);
	else if (unsaid)
		out.say("complete", "not claimed", "unsaid", values);
	else
		out.say("complete", "proven", named.length ? "gaps" :
			"complete", values);
}

// --- people and time ---

function checkOpened(v)
{
	for (const o of v.manifest.opened) {
		const x = logOf(v, o.epoch)?.entries.get(o.entry);
		const want = sha256(utf8("saqta commitment v1\n"),
			fromHex(o.salt), utf8(o.text));
		if (!x?.fields.has(o.tag) || !same(x.fields.get(o.tag), want))
			v.out.changed("opened", "manifest.json", -1,
				{ entry: o.entry });
	}
}

function checkExport(v)
{
	const m = v.manifest;
	// entries name others by number, which has the epoch in it
	const epoch = m.request.decision_epoch ?? epochOf(v.proof);
	const decision = BigInt(epoch - 1) << EPOCH_SHIFT |
		BigInt(m.request.decision_entry);

	for (const x of v.proof.entries.values()) {
		if (x.type !== 80 || !is(x, 90, m.export))
			continue;
		if (!x.fields.has(91) ||
		    !same(x.fields.get(91), v.manifestHash) ||
		    !is(x, 24, m.request.id) ||
		    !is(x, 52, decision))
			break;
		return x;
	}
	v.out.changed("export", "manifest.json");
	return null;
}

const openedText = (m, epoch, entry, tag) => m.opened.find((o) =>
	o.epoch === epoch && o.entry === entry && o.tag === tag)?.text;

// The name that the newest log has of a person, and that is opened.
function nameOf(v, person)
{
	const former = [...v.former.keys()].sort((a, b) => b - a);

	for (const epoch of [undefined, ...former])
		for (const x of logOf(v, epoch)?.entries.values() ?? []) {
			const name = x.type === 10 && is(x, 14, person) ?
				openedText(v.manifest, epoch, x.index, 40) :
				undefined;
			if (name !== undefined)
				return name;
		}
	return `${person}`;
}

// When a witness of the policy last spoke before the footage was entered.
function notBefore(v, first)
{
	let found = 0;

	for (const x of v.proof.entries.values()) {
		const f = (tag) => x.fields.get(tag);
		if (x.type !== 95 || x.index >= first || f(111)?.length !== 32 ||
		    f(114)?.length !== 8 || f(115)?.length !== 32 ||
		    f(116)?.length !== 72)
			continue;
		const root = btoa(String.fromCharCode(...f(115)));
		const text = `${v.proof.note.origin}\n${number(f(114))}\n${root}\n`;
		for (const n of v.policy?.nodes.values() ?? [])
			if (n.key && same(n.key.key, f(111)))
				found = Math.max(found, cosignatureTime(
					utf8(text), f(111), f(116)) ?? 0);
	}
	return found;
}

function judgeTime(v, made)
{
	// what a former log has was there when this one began
	const { out } = v, entries = v.manifest.segments.map((s) => s.epoch ===
		undefined ? s.entry : 0);
	const since = notBefore(v, entries.reduce((a, b) => Math.min(a, b),
		Infinity));
	const values = { ns: made?.time, since, time: v.witness?.time,
		who: v.witness?.who.join(", ") };

	if (out.has("changed"))
		out.say("time", "not proven", "contradicts");
	else if (v.witness && entries.every((e) => e < v.witnessed))
		out.say("time", "proven", since ? "bracketed" : "witnessed",
			values);
	else if (v.witness)
		out.say("time", "not proven", "tail", values);
	else
		out.say("time", v.policy && v.policy.quorum === null ?
			"not claimed" : "not proven", "unwitnessed", values);
}

// The cameras of a decision, each `u8 length || id`.
function listed(bytes)
{
	const all = [];

	for (let at = 0; at < bytes.length; at += 1 + bytes[at])
		all.push(hex(bytes.slice(at + 1, at + 1 + bytes[at])));
	return all;
}

// A package is of what was granted, or of a part of it.
function within(decided, m)
{
	const from = number(decided.fields.get(4)), to = number(
		decided.fields.get(5));
	const cameras = listed(decided.fields.get(25) ?? []);

	return from !== null && to !== null &&
		m.from >= BigInt.asIntN(64, from) &&
		m.to <= BigInt.asIntN(64, to) && m.from < m.to &&
		m.request.cameras.length > 0 && m.request.cameras.every((c) =>
		cameras.includes(hex(utf8(c))));
}

function checkPeople(v)
{
	const m = v.manifest, { out } = v;

	checkOpened(v);
	const r = m.request, made = checkExport(v);
	const asked = entryOf(v, r.epoch, r.entry, 40);
	const decided = entryOf(v, r.decision_epoch, r.decision_entry, 41);
	judgeTime(v, made);
	if (!made || !asked || !decided)
		return;
	if (!is(asked, 24, m.request.id) || !is(decided, 24, m.request.id) ||
	    !is(decided, 14, asked.person) || !is(decided, 26, 1n) ||
	    !within(decided, m))
		out.changed("decision", "manifest.json");
	if (asked.person === decided.person)
		out.changed("alone");
	if (made.person !== asked.person)
		out.changed("export");
	out.say("people", "proven", "people", { asked: nameOf(v, asked.person),
		decided: nameOf(v, decided.person), request: m.request.id,
		reason: openedText(m, r.epoch, asked.index, 49) ?? "-",
		askedNs: asked.time, decidedNs: decided.time });
}

// --- the whole ---

async function checkAll(v)
{
	v.files = await readZip(v.blob);
	const manifest = await readText(v, "manifest.json", MANIFEST_MAX);
	if (!manifest)
		return;
	v.manifestHash = sha256(manifest);
	v.manifest = parseManifest(manifest);
	const proof = await readText(v, "proof.txt", PROOF_MAX);
	if (!proof)
		return;
	try {
		v.proof = readProof(proof);
	} catch {
		throw new Bad("proof");
	}
	for (const x of v.proof.entries.values())
		if (!pathFits(x.index, v.proof.note.size, leafHash(x.bytes),
			x.path, v.proof.note.root)) {
			v.out.changed("proof", "proof.txt", -1,
				{ entry: x.index });
			break;
		}
	v.out.export = v.manifest.export;
	v.out.offsets = (v.manifest.offsets ?? []).map((o) => ({
		from: BigInt(o.from_ns), minutes: o.minutes }));
	checkOrigin(v);
	await checkFormer(v);
	await checkPapers(v);
	await checkFootage(v);
	checkPeople(v);
}

function judgeLog(v)
{
	const { out } = v;

	if (out.has("changed"))
		out.say("log", "not proven", "contradicts");
	else if (!v.policy)
		out.say("log", "not proven", "noPolicy");
	else if (v.unseen)
		out.say("log", "not proven", "unseen");
	else if (v.witness && !out.origin)
		out.say("log", "not proven", "behind", { n: v.witnessed,
			entries: out.entries, who: v.witness.who.join(", ") });
	else if (v.witness)
		out.say("log", "proven", "log", { n: v.witnessed, entries: out.entries,
			time: v.witness.time, who: v.witness.who.join(", ") });
	else
		out.say("log", v.policy.quorum === null ? "not claimed" :
			"not proven",
		v.policy.quorum === null ? "noWitness" : "noQuorum");
}

function judge(v)
{
	const { out } = v, changed = out.has("changed");

	judgeLog(v);
	for (const c of Object.values(out.claims)) {
		if (c.answer === "proven" && changed)
			c.say = "contradicts";
		if (c.answer === "proven" && (changed || !out.origin))
			c.answer = "not proven";
	}
	out.status = changed ? 5 : out.has("missing") ? 6 : out.origin ? 0 : 7;
}

const FILES = { package: "", manifest: "manifest.json", proof: "proof.txt" };

// Verify the package in `blob` against a parsed policy, or null. progress(n) is
// called with bytes done, of about blob.size.
export async function verify(blob, policy, progress = () => {})
{
	const v = { blob, policy, progress, out: new Verdict(), witness: null };

	try {
		await checkAll(v);
	} catch (e) {
		if (!(e instanceof Bad))
			throw e;
		v.out.changed(e.message, FILES[e.message] ?? "");
	}
	judge(v);
	return v.out;
}
