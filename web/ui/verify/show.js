// show.js - the form and the verdict, on the Verify page and in verify.html.
// Text is always text, never markup: what a package says is not trusted.
import { CLAIMS, verify } from "./check.js";
import { hex, Sha256 } from "./hash.js";
import { parsePolicy } from "./policy.js";
import { words } from "./text.js";

function node(tag, attrs, ...kids)
{
	const n = document.createElement(tag);

	for (const [name, value] of Object.entries(attrs))
		n.setAttribute(name, value);
	n.append(...kids);
	return n;
}

// "22.11.2026" and "09:15:07" of BigInt nanoseconds; null where there is none.
function split(ns)
{
	const d = new Date(Number(ns / 1000000n));

	if (Number.isNaN(d.getTime()))
		return null;
	const s = d.toISOString();
	return [`${s.slice(8, 10)}.${s.slice(5, 7)}.${s.slice(0, 4)}`,
		s.slice(11, 19)];
}

// "22.11.2026 14:15:07 (UTC+05:00; 09:15:07 UTC)": as clocks at the site showed
// it, which the package tells (`offsets`), and UTC; the day of both where they
// differ. UTC alone where the package tells no offset. The browser's own zone,
// and what it knows of others, play no part.
function clock(ns, offsets)
{
	const { minutes } = offsets.filter((o) => o.from <= ns).pop() ??
		offsets[0] ?? {};
	const utc = split(ns);
	const site = minutes !== undefined &&
		split(ns + BigInt(minutes) * 60000000000n);

	if (!utc || !site)
		return utc ? `${utc.join(" ")} UTC` : "?";
	const ahead = [Math.trunc(Math.abs(minutes) / 60),
		Math.abs(minutes) % 60].map((n) => String(n).padStart(2, "0"));
	return `${site.join(" ")} (UTC${minutes < 0 ? "-" : "+"}` +
		`${ahead.join(":")}; ` +
		`${(site[0] === utc[0] ? utc.slice(1) : utc).join(" ")} UTC)`;
}

export function sentence(lang, key, values = {}, offsets = [])
{
	const said = { ...values };

	for (const [name, v] of Object.entries(values))
		if (typeof v === "bigint")
			said[name.replace(/^(from|to)Ns$/, "$1")] =
				clock(v, offsets);
	for (const name of ["time", "since"])
		if (typeof values[name] === "number")
			said[name] = clock(BigInt(values[name]) * 1000000000n,
				offsets);
	return (words[lang][key] ?? key)
		.replace(/\{(\w+)\}/g, (all, name) => said[name] ?? all);
}

// The sentence of a finding: the most special one that its values allow.
export function findingText(lang, f, offsets)
{
	const special = ["entry", "around", "foreign", "more"].find((k) =>
		k in f.values && `${f.kind}.${f.code}.${k}` in words[lang]);
	const key = `${f.kind}.${f.code}${special ? "." + special : ""}`;

	return sentence(lang, key, { ...f.values, file: f.file,
		second: (f.at_ms / 1000).toFixed(3) }, offsets);
}

export function showVerdict(lang, v, fingerprint)
{
	const t = (key, values) => sentence(lang, key, values, v.offsets);
	const rows = CLAIMS.map((c) => {
		const { answer, say, values } = v.claims[c];
		return node("tr", { "data-claim": c,
			"data-answer": answer },
		node("th", { scope: "row" }, t("claim." + c)),
		node("td", {}, node("strong", { class: "answer " +
			answer.replace(" ", "-") }, t("answer." + answer))),
		node("td", {}, t("say." + say, values)));
	});
	const found = v.findings.slice(0, 100).map((f) =>
		node("li", { "data-code": f.code, "data-file": f.file,
			"data-ms": f.at_ms },
		findingText(lang, f, v.offsets)));

	return node("div", { class: "verdict", "data-status": v.status },
		node("h2", { class: "status-" + v.status },
			t("status." + v.status)),
		node("p", {}, [v.export, v.log && t("log", { log: v.log,
			entries: v.entries })].filter(Boolean).join(" · ")),
		node("table", {}, node("tbody", {}, ...rows)),
		...(found.length ? [node("h3", {}, t("findings")),
			node("ul", { class: "findings" }, ...found)] : []),
		node("p", {}, t("fingerprint") + ": ",
			node("code", { class: "hash" }, fingerprint)));
}

async function fingerprintOf(blob, progress)
{
	const h = new Sha256(), step = 4 << 20;

	for (let at = 0; at < blob.size; at += step) {
		const part = blob.slice(at, at + step);
		h.put(new Uint8Array(await part.arrayBuffer()));
		progress(part.size);
	}
	return hex(h.end());
}

// A file is chosen: {input, nodes, tell}. The words are the page's, not the
// browser's, so the input itself is out of sight; its label says what it is for
// and which file that is, and shows where the keyboard is. tell() after a change.
function picker(t, id, what, had, more)
{
	const input = node("input", { type: "file", id, class: "picked",
		...more });
	const name = node("span", { class: "soft" });
	const tell = () => name.replaceChildren(input.files[0]?.name ??
		t("none"));

	if (had?.length)
		input.files = had;
	input.addEventListener("change", tell);
	tell();
	return { input, tell, nodes: [input, node("label", { for: id }, t(what),
		node("br", {}), node("span", { class: "button" }, t("choose")),
		" ", name)] };
}

// Build the form into `root`; it keeps what was chosen when the language
// changes and this is called again.
export function showVerifier(root, lang)
{
	const t = (key, values) => sentence(lang, key, values);
	const [zip, keys] = [["verify-package", "package", { accept: ".zip" }],
		["verify-policy", "policy", {}]].map(([id, what, more]) =>
		picker(t, id, what, root.querySelector("#" + id)?.files, more));
	const file = zip.input, policy = keys.input;
	const button = node("button", { type: "submit", class: "main" },
		t("start"));
	const out = node("div", { role: "status", "aria-live": "polite" });
	const form = node("form", { class: "verify" },
		node("p", {}, t("intro")),
		...zip.nodes, node("p", { class: "soft" }, t("drop")),
		...keys.nodes,
		node("p", { class: "soft" }, t("policyWhy")), button);

	form.addEventListener("dragover", (e) => e.preventDefault());
	form.addEventListener("drop", (e) => {
		e.preventDefault();
		for (const dropped of e.dataTransfer.files) {
			const one = new DataTransfer();
			one.items.add(dropped);
			const to = /\.zip$/i.test(dropped.name) ? zip : keys;
			to.input.files = one.files;
			to.tell();
		}
	});
	form.addEventListener("submit", (e) => {
		e.preventDefault();
		run().catch((error) => {
			console.error(error);
			out.replaceChildren(t("unreadable"));
		}).finally(() => { button.disabled = false; });
	});

	async function run()
	{
		const blob = file.files[0];
		let p = null, done = 0;
		const progress = (n) => {
			done += n;
			out.replaceChildren(t("working", { percent: Math.min(99,
				Math.floor(done * 50 / blob.size)) }));
		};

		if (!blob)
			return void file.focus();
		button.disabled = true;
		progress(0);
		if (policy.files[0]) {
			p = parsePolicy(await policy.files[0].text());
			if (p.line)
				return void out.replaceChildren(t("policyBad", p));
		}
		const v = await verify(blob, p, progress);
		const f = await fingerprintOf(blob, progress);
		out.replaceChildren(showVerdict(lang, v, f));
	}

	root.replaceChildren(form, out);
}
