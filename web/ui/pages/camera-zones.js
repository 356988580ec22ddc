// camera-zones.js - which parts of a camera's picture its views cover: drawn
// with a pointer, or by numbers and arrow keys. A courtesy, and said to be one.
import * as api from "../api.js";
import { el, fill, tell } from "../dom.js";
import { form } from "../fields.js";
import { t } from "../i18n.js";
import { EVERY, why } from "./camera-aim.js";

const SCALE = 1000, MOST = 8, CORNERS = [3, 12];
const STEP = 5, LEAP = 50;	// per mille, of an arrow key, with Shift
const svg = "http://www.w3.org/2000/svg";

const within = (v) => Math.min(SCALE, Math.max(0, Math.round(v)));
const box = (a, b) => [[a.x, a.y], [b.x, a.y], [b.x, b.y], [a.x, b.y]]
	.map(([x, y]) => ({ x, y }));

// picture(): what the camera sees now, until over(); null: nobody may look.
export function zones(camera, picture, over, done)
{
	const s = { camera, all: structuredClone(camera.zones), address: "",
		list: el("div", { class: "zonelist" }),
		frame: el("div", { class: "zoneframe" }),
		wrong: el("p", { class: "error", role: "alert" }) };
	const add = el("button", { type: "button", name: "zone-new",
		on: { click: () => {
			s.all.push({ kind: "blur", corners: box(
				{ x: 400, y: 400 }, { x: 600, y: 600 }) });
			show(s);
			s.list.lastElementChild.querySelector("select").focus();
		} } }, t("zones.new"));

	s.add = add;
	s.frame.addEventListener("pointerdown", (e) => press(s, e));
	show(s);
	const drop = () => {
		URL.revokeObjectURL(s.address);
		s.address = "";
	};
	const timer = setInterval(() => {
		if (s.address && over()) {
			drop();
			draw(s);
		}
	}, EVERY);

	return { leave: () => { clearInterval(timer); s.gone = true; drop(); },
		node: el("section", { class: "card", id: "zones" },
			el("h2", { tabindex: -1 }, t("zones.title",
				{ camera: camera.name })),
			el("p", { class: "told" }, t("zones.courtesy")),
			el("p", { class: "soft" }, t("zones.how")),
			s.frame, s.wrong, form(async () => {
				await api.setZones(camera, s.all);
				camera.zones = structuredClone(s.all);
				tell(t("zones.saved"));
				await done();
			}, s.list, el("p", { class: "row" }, add,
				picture && el("button", { type: "button",
					name: "zone-look", on: { click: () =>
						look(s, picture) } },
				t("aim.look")), el("button", { class: "main",
					name: "zone-save" }, t("zones.save"))))) };
}

async function look(s, picture)
{
	try {
		const blob = await picture();

		if (s.gone)
			return;
		URL.revokeObjectURL(s.address);
		s.address = URL.createObjectURL(blob);
		s.wrong.textContent = "";
		show(s);
	} catch (problem) {
		s.wrong.textContent = why(problem);
	}
}

function show(s)
{
	s.add.disabled = s.all.length >= MOST;
	draw(s);
	fill(s.list, s.all.map((z, i) => row(s, z, i)));
}

const label = (i, k, c) => t("zones.corner", { zone: i + 1, n: k + 1,
	x: c.x, y: c.y });

// The frame alone, so that a field under somebody's hands stays as it is.
function draw(s)
{
	const sheet = document.createElementNS(svg, "svg");

	sheet.setAttribute("viewBox", `0 0 ${SCALE} ${SCALE}`);
	sheet.setAttribute("preserveAspectRatio", "none");
	sheet.setAttribute("aria-hidden", "true");
	s.shapes = s.all.map((z, i) => {
		const shape = document.createElementNS(svg, "polygon");

		shape.setAttribute("class", z.kind);
		shape.dataset.zone = i;
		sheet.append(shape);
		return shape;
	});
	s.hands = s.all.map((z, i) => z.corners.map((c, k) => el("button",
		{ type: "button", "data-zone": i, "data-corner": k,
			on: { keydown: (e) => arrow(s, c, e) } })));
	fill(s.frame, s.address && el("img", { src: s.address,
		alt: t("aim.alt", { camera: s.camera.name }) }), sheet, s.hands);
	place(s);
}

function place(s)
{
	s.all.forEach((z, i) => {
		s.shapes[i].setAttribute("points", z.corners.map((c) =>
			`${c.x},${c.y}`).join(" "));
		z.corners.forEach((c, k) => {
			const hand = s.hands[i][k];
			hand.style.left = c.x / 10 + "%";
			hand.style.top = c.y / 10 + "%";
			hand.setAttribute("aria-label", label(i, k, c));
		});
	});
}

// After a drag or an arrow: the fields say what the frame shows.
function told(s)
{
	place(s);
	for (const field of s.list.querySelectorAll("input")) {
		const { zone, corner, axis } = field.dataset;
		field.value = s.all[zone].corners[corner][axis];
	}
}

function arrow(s, c, e)
{
	const [x, y] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0],
		ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key] ?? [];

	if (x === undefined)
		return;
	e.preventDefault();
	const by = e.shiftKey ? LEAP : STEP;
	c.x = within(c.x + x * by);
	c.y = within(c.y + y * by);
	told(s);
}

// A corner is dragged, a zone is moved, or a new rectangle is drawn.
function press(s, e)
{
	if (e.button)
		return;
	const size = s.frame.getBoundingClientRect();
	const at = (event) => ({
		x: within(SCALE * (event.clientX - size.left) / size.width),
		y: within(SCALE * (event.clientY - size.top) / size.height) });
	const { zone, corner } = e.target.dataset ?? {};
	const begin = at(e);
	const move = corner !== undefined ? dragged(s.all[zone].corners[corner]) :
		zone !== undefined ? moved(s.all[zone], begin) :
			s.all.length < MOST ? drawn(s, begin) : null;

	if (!move)
		return;
	if (corner === undefined)
		e.preventDefault();
	s.frame.setPointerCapture(e.pointerId);
	const go = (event) => { move(at(event)); told(s); };
	s.frame.addEventListener("pointermove", go);
	const end = () => {
		s.frame.removeEventListener("pointermove", go);
		if (zone === undefined)
			drop(s, s.all.at(-1));
	};
	s.frame.addEventListener("lostpointercapture", end, { once: true });
}

const dragged = (c) => (to) => Object.assign(c, to);

function moved(z, begin)
{
	const old = structuredClone(z.corners);
	const span = (axis) => old.map((c) => c[axis]);
	const by = (axis, d) => Math.min(SCALE - Math.max(...span(axis)),
		Math.max(-Math.min(...span(axis)), d));

	return (to) => z.corners.forEach((c, i) => {
		c.x = old[i].x + by("x", to.x - begin.x);
		c.y = old[i].y + by("y", to.y - begin.y);
	});
}

function drawn(s, begin)
{
	const z = { kind: "blur", corners: box(begin, begin) };

	s.all.push(z);
	show(s);
	return (to) => box(begin, to).forEach((c, i) =>
		Object.assign(z.corners[i], c));
}

// A click draws nothing.
function drop(s, z)
{
	const [a, , b] = z.corners;

	if (Math.abs(a.x - b.x) < 10 || Math.abs(a.y - b.y) < 10) {
		s.all.pop();
		show(s);
	}
}

function row(s, z, i)
{
	const kind = el("select", { "aria-label": t("zones.kind",
		{ zone: i + 1 }), on: { change: () => {
		z.kind = kind.value;
		draw(s);
	} } }, ["blur", "fill"].map((k) => el("option", { value: k,
		selected: z.kind === k }, t("zones." + k))));
	const small = (text, act, off) => el("button", { type: "button",
		disabled: off, on: { click: act } }, text,
	el("span", { class: "unseen" }, " " + t("zones.one", { zone: i + 1 })));

	return el("fieldset", {}, el("legend", {}, t("zones.one",
		{ zone: i + 1 })), el("div", { class: "row" }, kind,
		z.corners.map((c, k) => corner(s, z, i, k, c)),
		small(t("zones.more"), () => {
			const [a, b] = [z.corners.at(-1), z.corners[0]];
			z.corners.push({ x: within((a.x + b.x) / 2),
				y: within((a.y + b.y) / 2) });
			show(s);
		}, z.corners.length >= CORNERS[1]),
		small(t("zones.fewer"), () => {
			z.corners.pop();
			show(s);
		}, z.corners.length <= CORNERS[0]),
		small(t("zones.drop"), () => {
			s.all.splice(i, 1);
			show(s);
			s.add.focus();
		}, false)));
}

const corner = (s, z, i, k, c) => el("span", { class: "corner" },
	["x", "y"].map((axis) => {
		const field = el("input", { type: "number", min: 0, max: SCALE,
			step: 1, value: c[axis], "data-zone": i,
			"data-corner": k, "data-axis": axis,
			"aria-label": t("zones." + axis,
				{ zone: i + 1, n: k + 1 }),
			on: { input: () => {
				c[axis] = within(Number(field.value) || 0);
				place(s);
			}, change: () => { field.value = c[axis]; } } });
		return [axis, field];
	}));
