// dom.js - elements made by calls. Text is always text, never markup, so that
// nothing a camera, a ledger or a person wrote can become part of the page.

// el("button", {class: "main", on: {click}, disabled: false}, "Text", node)
export function el(tag, attrs = {}, ...kids)
{
	const node = document.createElement(tag);

	for (const [name, value] of Object.entries(attrs))
		set(node, name, value);
	put(node, kids);
	return node;
}

function set(node, name, value)
{
	if (value === undefined || value === null || value === false)
		return;
	if (name === "on") {
		for (const [type, f] of Object.entries(value))
			node.addEventListener(type, f);
	} else if (name === "value") {
		node.value = value;
	} else {
		node.setAttribute(name, value === true ? "" : String(value));
	}
}

function put(node, kids)
{
	for (const kid of kids.flat(Infinity))
		if (kid !== null && kid !== undefined && kid !== false)
			node.append(kid);
}

export function fill(node, ...kids)
{
	node.replaceChildren();
	put(node, kids);
	return node;
}

// Is it well? One word of it.
export const badge = (well, text) => el("span",
	{ class: "badge " + (well ? "good" : "bad") }, text);

// Tell people who do not see the change; the same words twice are said twice.
export function say(text)
{
	const box = document.getElementById("said");

	box.textContent = "";
	setTimeout(() => { box.textContent = text; }, 50);
}

// The same for all: what no other place of the page shows. It goes by itself.
const SEEN_MS = 8e3;
let going = 0;

export function tell(text)
{
	const box = document.getElementById("toast");

	say(text);
	fill(box, el("p", {}, text));
	clearTimeout(going);
	going = setTimeout(() => fill(box), SEEN_MS);
}

let serial = 0;
export const newId = (stem) => `${stem}-${++serial}`;
