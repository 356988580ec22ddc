// policy.js - whom the verifier trusts: C2SP tlog-policy, as storage/policy.c.
import { same } from "./hash.js";
import { fromBase64, keyId, noteCosigned, noteSigned } from "./proof.js";

const NODES_MAX = 64, LOGS_MAX = 16;

// name+hash+base64(kind || key)
function vkey(text, kind)
{
	const m = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text);
	const bytes = m && fromBase64(m[3]);

	if (!bytes || bytes.length !== 33 || bytes[0] !== kind)
		return null;
	const key = bytes.subarray(1), id = keyId(m[1], kind, key);
	return parseInt(m[2], 16) === new DataView(id.buffer, id.byteOffset, 4)
		.getUint32(0) ? { name: m[1], key } : null;
}

const lines = {
	log(p, w)
	{
		const k = w.length >= 2 && w.length <= 3 && vkey(w[1], 1);

		return k && p.logs.length < LOGS_MAX && p.logs.push(k);
	},

	witness(p, w)
	{
		const k = w.length >= 3 && w.length <= 4 && vkey(w[2], 4);
		const twice = k && [...p.nodes.values()].some((n) => n.key &&
			same(n.key.key, k.key));

		return k && !twice && isNew(p, w[1]) &&
			p.nodes.set(w[1], { key: k });
	},

	group(p, w)
	{
		const members = w.slice(3);
		const k = w[2] === "any" ? 1 : w[2] === "all" ? members.length :
			/^[0-9]{1,3}$/.test(w[2]) ? Number(w[2]) : 0;

		return members.length && isNew(p, w[1]) &&
			members.every((m) => p.nodes.has(m)) &&
			new Set(members).size === members.length &&
			k >= 1 && k <= members.length &&
			p.nodes.set(w[1], { members, k });
	},

	quorum(p, w)
	{
		if (w.length !== 2 || p.quorum !== undefined ||
		    w[1] !== "none" && !p.nodes.has(w[1]))
			return false;
		p.quorum = w[1] === "none" ? null : w[1];
		return true;
	},
};

const isNew = (p, name) => name !== "none" && !p.nodes.has(name) &&
	p.nodes.size < NODES_MAX;

// {logs, nodes, quorum: name or null}, or {line}: the line that is wrong.
export function parsePolicy(text)
{
	const p = { logs: [], nodes: new Map(), quorum: undefined };
	const all = text.split("\n");

	for (let i = 0; i < all.length; i++) {
		const w = all[i].split(/[ \t\r]+/).filter(Boolean);
		if (!w.length || w[0].startsWith("#"))
			continue;
		if (!Object.hasOwn(lines, w[0]) || !lines[w[0]](p, w))
			return { line: i + 1 };
	}
	return p.quorum !== undefined && p.logs.length ? p :
		{ line: all.length };
}

// Did one of the policy's logs sign? true, false (does not fit), null (none).
export function policyOrigin(p, note)
{
	let result = null;

	for (const k of p.logs) {
		const r = k.name === note.origin ?
			noteSigned(note, note.origin, k.key) : null;
		if (r === false)
			return false;
		result = r ?? result;
	}
	return result;
}

// {time (seconds), who}, or null where the quorum is not reached.
export function policyQuorum(p, note)
{
	const at = new Map();

	for (const [name, n] of p.nodes) {
		if (n.key) {
			at.set(name, noteCosigned(note, n.key.name,
				n.key.key) ?? Infinity);
			continue;
		}
		const sorted = n.members.map((m) => at.get(m))
			.sort((a, b) => a === b ? 0 : a < b ? -1 : 1);
		at.set(name, sorted[n.k - 1]);
	}
	const time = at.get(p.quorum);
	return time === Infinity ? null : { time, who: [...p.nodes]
		.filter(([name, n]) => n.key && at.get(name) <= time)
		.map(([name]) => name) };
}
