// api.js - questions to the appliance. A refusal becomes a Problem, which
// carries its stable name, so that people are told in their own language.
import { t, has } from "./i18n.js";

let csrf = "";
const had = new Map();	// lists as they came, see listPage()
export const setCsrf = (token) => {
	csrf = token;
	if (!token)
		had.clear();
};

export class Problem extends Error {
	constructor(name, status, body = {})
	{
		super(body.detail || body.title || name);
		this.name = name;
		this.status = status;
		this.pointer = body.pointer ?? "";
	}

	// A sentence in the reader's language.
	get sentence()
	{
		const key = "problem." + this.name;

		return has(key) ? t(key) : this.message;
	}

	// The name of the field that is at fault, "" where none is.
	get field()
	{
		return this.pointer.split("/").filter(Boolean)[0] ?? "";
	}
}

const unreachable = () => { throw new Problem("unreachable", 0); };

// The whole of an answer; one that breaks off is none.
const textOf = (answer) => answer.text().catch(unreachable);

async function problemOf(answer)
{
	const body = await answer.json().catch(() => ({}));
	const name = String(body.type ?? "").split(":").pop();

	return new Problem(name || "http-" + answer.status, answer.status, body);
}

// Fetch and give the answer itself, whatever it carries.
export async function ask(path, options = {})
{
	const method = options.method ?? "GET";
	const headers = { ...options.headers };
	let answer;

	if (method !== "GET")
		headers["X-Saqta-CSRF"] = csrf;
	try {
		answer = await fetch(path, { ...options, headers,
			credentials: "same-origin", cache: "no-store" });
	} catch (e) {
		// Firefox says so as well where the page goes away meanwhile
		if (e.name === "AbortError" && options.signal)
			throw e;
		unreachable();
	}
	if (!answer.ok)
		throw await problemOf(answer);
	return answer;
}

const json = async (path, options) => {
	const text = await textOf(await ask(path, options));

	return text ? JSON.parse(text) : {};
};

// What a page asks by itself keeps nobody signed in.
const headersOf = (quiet) => quiet ? { "X-Saqta-Background": "1" } : {};

// A page of a list; one that is still the same is not sent again.
async function listPage(path, quiet)
{
	const old = had.get(path);
	const answer = await fetch(path, { credentials: "same-origin",
		cache: "no-store", headers: { ...headersOf(quiet),
			...old && { "If-None-Match": old.tag } } })
		.catch(unreachable);

	if (answer.status === 304 && old)
		return JSON.parse(old.text);
	if (!answer.ok)
		throw await problemOf(answer);
	const text = await textOf(answer);
	had.delete(path);
	had.set(path, { tag: answer.headers.get("ETag"), text });
	if (had.size > 8)
		had.delete(had.keys().next().value);
	return JSON.parse(text);
}

async function list(path, name, quiet = false)
{
	const all = [];
	let page, after = "";

	do {
		page = await listPage(path + query({ limit: 500,
			...after && { after } }), quiet);
		all.push(...page[name]);
		after = page.next;
	} while (after);
	return all;
}

// With a thing as it was seen: refused (changed) where it is not so any more.
const send = (method, path, body, seen) => json(path, { method,
	headers: { "Content-Type": "application/json",
		...seen?.etag && { "If-Match": `"${seen.etag}"` } },
	body: JSON.stringify(body ?? {}) });

const v1 = "/api/v1/";
const query = (o) => "?" + new URLSearchParams(o);

export const site = () => json(v1 + "site");
export const session = () => json(v1 + "session");
export const signIn = (user, password, code) =>
	send("POST", v1 + "session", { user, password, code });
export const setupCode = (code) => send("POST", v1 + "setup/code", { code });
export const setupOperator = (body) =>
	send("POST", v1 + "setup/operator", body);
export const setupCapacity = (body) =>
	send("POST", v1 + "setup/capacity", body);
export const setupFinish = (reason) =>
	send("POST", v1 + "setup/finish", { reason });
export const setPassword = (body) =>
	send("POST", v1 + "account/password", body);
export const newFactor = () => send("POST", v1 + "account/factor", {});
export const setFactor = (body) =>
	send("POST", v1 + "account/factor/confirm", body);
export const sessions = async () =>
	(await json(v1 + "account/sessions")).sessions;
export const endSession = (id, body) =>
	send("POST", `${v1}account/sessions/${id}/end`, body);
export const people = () => list(v1 + "people", "people");
export const newPerson = (body) => send("POST", v1 + "people", body);
export const resetPerson = (p, body) =>
	send("POST", `${v1}people/${p.id}/reset`, body, p);
export const endPerson = (p, body) =>
	send("POST", `${v1}people/${p.id}/end`, body, p);
export const setDeputy = (p, body) =>
	send("POST", `${v1}people/${p.id}/deputy`, body, p);
export const tokens = () => list(v1 + "tokens", "tokens");
export const newToken = (body) => send("POST", v1 + "tokens", body);
export const endToken = (id, body) =>
	send("POST", `${v1}tokens/${id}/end`, body);
export const signOut = () => send("DELETE", v1 + "session");
export const cameras = async (quiet) => (await json(v1 + "cameras",
	{ headers: headersOf(quiet) })).cameras;
export const probe = (body) => send("POST", v1 + "cameras/probe", body);
export const discover = (target) =>
	send("POST", v1 + "cameras/discover", { target });
export const onvif = (body) => send("POST", v1 + "cameras/onvif", body);
export const addCamera = (body) => send("POST", v1 + "cameras", body);
export const replaceDevice = (c, body) =>
	send("POST", `${v1}cameras/${c.id}/replace`, body, c);
export const picture = async (id) => (await ask(`${v1}cameras/${id}/picture`,
	{ method: "POST", body: "{}",
		headers: { "Content-Type": "application/json" } })).blob();
export const openAim = (id, body) =>
	send("POST", `${v1}cameras/${id}/aim`, body);
export const setKeypad = (id, keypad) =>
	send("POST", `${v1}cameras/${id}/keypad`, { keypad });
// What views of a camera cover.
export const setZones = (c, zones) =>
	send("POST", `${v1}cameras/${c.id}/zones`, { zones }, c);
export const switchCamera = (c, on) => send("POST",
	`${v1}cameras/${c.id}/${on ? "enable" : "disable"}`, {}, c);
export const coverage = (camera, from, to) =>
	json(v1 + "coverage" + query({ camera, from, to }));
export const transactions = (o) => json(v1 + "transactions" + query(o));
export const repeated = (list, from, to) =>
	json(v1 + "transactions/repeated" + query({ list, from, to }));
export const requests = (quiet) => list(v1 + "requests", "requests", quiet);
export const request = (body) => send("POST", v1 + "requests", body);
// Requests that one writes, kept for oneself alone.
export const drafts = async () => (await listPage(v1 + "drafts")).drafts;
export const saveDraft = (d, body) => send("POST",
	v1 + "drafts" + (d ? "/" + d.id : ""), body, d);
export const submitDraft = (d, body) =>
	send("POST", `${v1}drafts/${d.id}/submit`, body, d);
export const discardDraft = (d) =>
	send("POST", `${v1}drafts/${d.id}/discard`, {}, d);
export const decide = (r, body) =>
	send("POST", `${v1}requests/${r.id}/decision`, body, r);
export const revoke = (r, reason) =>
	send("POST", `${v1}requests/${r.id}/revoke`, { reason }, r);
export const holds = () => list(v1 + "holds", "holds");
export const placeHold = (body) => send("POST", v1 + "holds", body);
export const releaseHold = (id, body) =>
	send("POST", `${v1}holds/${id}/release`, body);
export const exports = (quiet) => list(v1 + "exports", "exports", quiet);
export const newExport = (id, body) =>
	send("POST", `${v1}requests/${id}/exports`, body);
// Its plain MP4s may be fetched from then on, for a while.
export const openFiles = (id, body) =>
	send("POST", `${v1}requests/${id}/files`, body);
export const newNote = (id, body) =>
	send("POST", `${v1}requests/${id}/notes`, body);
// Pictures in which the cash of operations is taken: the journal's clock.
export const align = (id, body) =>
	send("POST", `${v1}requests/${id}/alignments`, body);
export const newSnapshot = (id, body) =>
	send("POST", `${v1}requests/${id}/snapshots`, body);
// Who was told that something is wrong with a camera since from..to.
export const told = async (camera, from, to) => (await json(v1 + "told" +
	query({ camera, from, to }))).told;
// What was done with a request: notes, snapshots, who watched.
export async function story(id)
{
	const path = `${v1}requests/${id}/story`;
	const all = await json(path + query({ limit: 500 }));

	while (all.next) {
		const page = await json(path + query({ limit: 500,
			after: all.next }));
		all.leases.push(...page.leases);
		all.next = page.next;
	}
	return all;
}
export const exportFile = (id) => `/media/exports/${id}`;
export const play = (id) => json(`${v1}requests/${id}/play`);
export const ledger = (first, count) =>
	json(v1 + "ledger" + query({ first, count }));
// The ledger verified, a slice with each question.
export const verifyLedger = (anew) =>
	send("POST", v1 + "ledger/verify", { anew });
export const status = () => json(v1 + "status");

// Said while the page goes away, so nobody waits for the answer.
export const stop = (id) => ask(`${v1}requests/${id}/stop`,
	{ method: "POST", keepalive: true, body: "{}",
		headers: { "Content-Type": "application/json" } })
	.catch(() => {});

const media = (request, camera, seq) => `/media/${request}/${camera}/${seq}/`;
export const init = async (request, camera, seq, signal) =>
	(await ask(media(request, camera, seq) + "init", { signal }))
		.arrayBuffer();
export const fragment = async (request, camera, seq, index, signal) =>
	(await ask(media(request, camera, seq) + index, { signal }))
		.arrayBuffer();
export const movie = (request, camera, run) =>
	`/media/${request}/${camera}/run${run}.mp4`;
