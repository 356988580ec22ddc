// watch.js - footage inside an approved request: the cameras in step, clock,
// timeline, badges. Where there is no footage, a card says why; the position is
// never both.
import * as api from "../api.js";
import { el, fill, say } from "../dom.js";
import { gapLines, toldLines } from "../gapcard.js";
import { length, number, t } from "../i18n.js";
import { Player, speeds } from "../player.js";
import { Strip } from "../strip.js";
import { opening, Tape } from "../tape.js";
import { Thumbs } from "../thumbs.js";
import * as time from "../time.js";
import { legend } from "../timeline.js";
import { covers } from "../zones.js";
import { badges, changedParts, genuineText } from "./watch-badges.js";
import { keyDown } from "./watch-keys.js";
import { marked, mayExport, nextGap, panel, side, snapshot } from "./watch-side.js";
import { open } from "../requestline.js";

const ASK_AGAIN = 8e3;	// ms between two looks whether the approval stands
const NOTE = 1e3;	// ms between two changes of the address
const POINTED = 120;	// ms a pointer rests before a thumbnail is made

export default async function watch(app, id)
{
	const seer = app.session.role !== "operator";
	const r = seer && (await api.requests()).find((x) => x.id === id);

	if (!r || !r.mine) {
		// the appliance refuses it, and enters who tried
		await api.play(id).catch(unlessRefused);
		return needed(id, r, seer);
	}
	if (!open(r))
		return needed(id, r, true);
	const [play, status, story, cameras] = await Promise.all([api.play(id),
		api.status(), api.story(id), api.cameras()]);
	const q = new URLSearchParams(location.search);
	const s = { app, id, r, play, status, story, noted: 0, in: NaN, out: NaN,
		zones: Object.fromEntries(cameras.map((c) => [c.id, c.zones])),
		from: time.instant(play.from), to: time.instant(play.to) };
	const named = play.cameras.findIndex((c) =>
		c.camera === q.get("camera"));

	build(s);
	begin(s, named, time.instant(q.get("t")));
	const keys = (e) => keyDown(s, e);
	document.addEventListener("keydown", keys);
	const timer = setInterval(() => stands(s), ASK_AGAIN);
	return { title: t("watch.title", { id }), node: s.node, wide: true,
		leave: () => {
			document.removeEventListener("keydown", keys);
			clearInterval(timer);
			s.player.close();
			for (const one of s.screens)
				one.thumbs?.close();
			return app.session ? api.stop(id) : null;
		} };
}

// Only then it is entered: not where nobody answers, or is signed in.
function unlessRefused(problem)
{
	if (![403, 404].includes(problem.status))
		throw problem;
}

// A link without the right to it answers with what is needed.
const needed = (id, r, seer) => ({ title: t("need.title"),
	node: el("section", { class: "card" },
		el("h1", {}, t("need.title")),
		el("p", {}, t(!seer ? "need.operator" : !r ? "need.none" : !r.mine ? "need.notMine" :
			r.state === "submitted" ? "need.waiting" :
				"need.over", { id })),
		el("p", { class: "row" },
			r && el("a", { class: "button", href: "/requests/" + id },
				t("need.see", { id })),
			seer && el("a", { class: "button main", href: "/find" },
				t("requests.new")))) });

function build(s)
{
	s.clock = el("div", { class: "clock" });
	s.screens = s.play.cameras.map((c, i) => screenOf(s, c, i));
	s.badges = el("div", { class: "badges" });
	s.controls = el("div", { class: "controls" });
	s.thumb = el("div", { class: "thumb", hidden: true, "aria-hidden": true });
	s.line = el("div", { class: "lines" }, s.thumb);
	s.side = el("aside", { "aria-label": t("watch.side") });
	s.node = el("div", {}, el("div", { class: "between" },
		el("h1", {}, t("watch.title", { id: s.id })),
		el("span", {}, s.r.granted?.ends && el("span",
			{ class: "soft num" }, t("badge.ends", { time:
				time.stamp(time.instant(s.r.granted.ends)) }),
			" \u00b7 "), el("a", { href: "/requests/" + s.id },
			t("watch.request")))),
	s.badges, el("div", { class: "watch" },
		el("div", {}, s.wall = el("div", { class: "screens" },
			s.screens.map((x) => x.node)), s.controls, s.line),
		s.side));
	s.wall.style.setProperty("--small", Math.max(1, s.screens.length - 1));
}

function screenOf(s, camera, i)
{
	const video = el("video", { playsinline: true, tabindex: -1,
		disableremoteplayback: true });
	const zones = s.zones[camera.camera] ?? [];
	const one = { camera, i, video, zones, name: camera.name, kind: "",
		tape: new Tape(camera, s.from, s.to),
		flags: el("div", { class: "flags" }),
		card: el("div", { class: "gapcard", hidden: true }),
		pick: el("button", { type: "button", class: "pick",
			"aria-label": t("watch.makeMain", { camera: camera.name }),
			title: t("watch.makeMain", { camera: camera.name }),
			on: { click: () => look(s, i) } }) };

	video.muted = true;
	one.spans = one.tape.spans();
	one.node = el("div", { class: "screen", "data-camera": camera.camera },
		video, zones.length > 0 && covers(video, zones),
		el("div", { class: "label" }, camera.name),
		el("div", { class: "viewer" }, t("watch.viewer",
			{ user: s.app.session.user, id: s.id }), zones.length > 0 &&
			" \u00b7 " + t("zones.count", { n: zones.length })),
		one.flags, one.card, one.pick);
	return one;
}

// An address that says when, and not whose picture, means the first camera's.
function begin(s, named, wish)
{
	const said = Number.isFinite(wish);
	const { main, at } = opening(s.screens.map((x) => x.tape), s.from,
		said ? Math.max(0, named) : named);

	s.player = new Player(s.screens.map((x) => x.video),
		s.screens.map((x) => x.tape), s.id, main);
	s.screens.forEach((x, i) => { x.reel = s.player.reels[i]; });
	s.strip = new Strip({ rows: s.screens, from: s.from, to: s.to,
		at: s.from, move: (to) => s.player.seek(to),
		hover: (i, to, line) => point(s, i, to, line) });
	s.strip.lines[main].bar.id = "line";
	s.line.append(s.strip.node, legend(s.screens.some((x) => x.spans.some(
		(span) => span.flags?.length))));
	fill(s.controls, controls(s));
	look(s, main);
	s.player.addEventListener("move", () => moved(s));
	s.player.addEventListener("state", () => changed(s));
	s.player.seek(said ? wish : at);
}

// Another camera becomes the large picture; the position stays.
function look(s, i)
{
	const had = s.main;

	s.main = s.screens[i];
	s.screens.forEach((x, k) => {
		x.node.classList.toggle("main", k === i);
		x.pick.hidden = k === i;
	});
	s.main.node.append(s.clock);
	s.player.look(i);
	fill(s.side, side(s));
	for (const one of s.screens)
		one.kind = null;	// cards are larger or smaller now
	changed(s);
	moved(s);
	if (had && had !== s.main)
		say(t("watch.isMain", { camera: s.main.name }));
}

// A button whose text is a sign has its words as its name; one whose text can
// be read is named by it.
const button = (label, text, click, extra = {}) => el("button",
	{ type: "button", title: label, on: { click }, ...extra,
		"aria-label": /\p{L}/u.test(text) ? null : label }, text);

const sep = () => el("span", { class: "sep" });

function controls(s)
{
	const p = s.player;

	s.playButton = button(t("watch.play"), "\u25b6", () => p.toggle(),
		{ id: "play" });
	s.speedButtons = speeds.map((x) => button(t("watch.speed",
		{ n: number(x, 2) }), speedText(x), () => {
		p.setSpeed(x);
		say(t("watch.speed", { n: number(x, 2) }));
	}));
	return [button(t("watch.back10"), "\u221210 " + t("unit.s"),
		() => p.seek(p.at - 10e3)),
	button(t("watch.reverse"), "\u25c0\u25c0", () => p.reverse()),
	button(t("watch.frameBack"), "\u25c0|", () => p.step(-1)),
	s.playButton,
	button(t("watch.frameOn"), "|\u25b6", () => p.step(1)),
	button(t("watch.on10"), "+10 " + t("unit.s"),
		() => p.seek(p.at + 10e3)), sep(),
	el("span", { role: "group", class: "row",
		"aria-label": t("watch.speeds") }, s.speedButtons), sep(),
	button(t("key.markIn"), t("watch.in"), () => marked(s, "in"),
		{ id: "mark-in" }),
	button(t("key.markOut"), t("watch.out"), () => marked(s, "out"),
		{ id: "mark-out" }),
	button(t("key.note"), t("watch.note"), () => panel(s, "note"),
		{ id: "note" }),
	mayExport(s) && button(t("key.snapshot"), t("watch.snapshot"),
		() => snapshot(s), { id: "snapshot" }),
	s.screens.some((x) => x.tape.gaps.length) && button(t("watch.nextGap"),
		t("watch.gapShort"), () => nextGap(s))];
}

const speedText = (x) => ({ 0.25: "\u00bc", 0.5: "\u00bd" })[x] ?? x + "\u00d7";

function moved(s)
{
	const at = s.player.at;
	const frame = s.player.frameOf();

	fill(s.clock, `${time.dateText(at)} ${time.timeText(at, true)} ` +
		time.offsetText(at), frame && el("small", {}, " " +
		t("watch.frame", { n: frame[0], of: frame[1] })));
	s.strip.set(at);
	for (const one of s.screens)
		showFlags(one);
	if (performance.now() - s.noted > NOTE)
		note(s);
}

// What is said of the very picture that is shown.
function showFlags(one)
{
	const { run, at } = one.reel;
	const flags = run ? one.tape.fragmentAt(at, run).flags ?? [] : [];
	const words = flags.join();

	if (words === one.flagged)
		return;
	one.flagged = words;
	fill(one.flags, flags.map((f) => el("span", {}, t("flag." + f))));
}

function note(s)
{
	if (s.player.closed)
		return;
	s.noted = performance.now();
	const first = s.badges.querySelector("summary");
	if (first && first.textContent !== genuineText(s))
		first.textContent = genuineText(s);
	s.app.note(`/watch/${s.id}?` + new URLSearchParams(
		{ camera: s.main.camera.camera, t: time.rfc3339(
			Math.floor(s.player.at)) }));
}

function changed(s)
{
	const p = s.player;
	const label = t(p.playing ? "watch.pause" : "watch.play");

	s.playButton.textContent = p.playing ? "\u275a\u275a" : "\u25b6";
	s.playButton.setAttribute("aria-label", label);
	s.playButton.title = label;
	s.speedButtons.forEach((b, i) => b.setAttribute("aria-pressed",
		String(speeds[i] === p.speed)));
	for (const one of s.screens)
		showCard(s, one);
	if (changedParts(s).length !== s.changedParts) {
		s.changedParts = changedParts(s).length;
		fill(s.badges, badges(s));
	}
	note(s);
}

// What stands in the picture's place, "" where the picture does.
function cardKind(p, reel)
{
	if (p.refused)
		return "refused";
	if (reel.gap)
		return "gap" + reel.gap.from_ns;
	if (reel.unshown)
		return "unshown";
	if (reel.ended || !reel.run)
		return "end";
	return reel.bad ? "bad" + reel.bad.n : "";
}

function showCard(s, one)
{
	const kind = cardKind(s.player, one.reel);

	if (kind === one.kind)
		return;
	one.kind = kind;
	one.card.hidden = kind === "";
	one.node.classList.toggle("empty", kind !== "");
	if (one === s.main)
		s.clock.hidden = kind !== "" && !kind.startsWith("gap");
	if (!kind)
		return;
	const [title, lines, go] = cardText(s, one, kind);
	const large = one === s.main;
	one.card.classList.toggle("plain", !kind.startsWith("gap"));
	fill(one.card, el(large ? "h2" : "strong", {}, title),
		lines.slice(0, large ? 9 : 2).map((l) => el("p", {}, l)),
		large && go);
	if (large)
		say([title, ...lines].join(" "));
	else if (kind.startsWith("gap"))
		say(`${title}. ${lines[0]}`);
}

const goOn = (s, at) => at === null || at >= s.to ? null :
	el("button", { type: "button", id: "continue", on: { click: async () => {
		await s.player.seek(at);
		document.getElementById("play")?.focus();
	} } }, t("gap.continue", { time: time.timeText(at) }));

function cardText(s, one, kind)
{
	const { reel, tape } = one;

	if (kind === "refused")
		return [t("refused.title"), [s.player.refused.sentence ??
			t("refused.text")], el("a", { class: "button",
			href: "/requests/" + s.id }, t("need.see",
			{ id: s.id }))];
	if (kind === "unshown")
		return [t("unshown.title"), [t("unshown.text",
			{ codec: reel.unshown.codec })], null];
	if (kind === "end")
		return [t("end.title"), [t("end.text")],
			goOn(s, tape.recordedFrom(s.from))];
	if (kind.startsWith("bad"))
		return [t("bad.title"), [reel.bad.bad.sentence ?? t("bad.text")],
			el("div", { class: "row" }, el("button",
				{ type: "button", on: { click: () =>
					reel.retry() } }, t("act.again")),
			goOn(s, reel.beyondBad))];
	return gapText(s, one);
}

function gapText(s, one)
{
	const { gap } = one.reel;
	const lines = gapLines(gap, s.screens.filter((x) => x !== one));
	const far = one.tape.recordedFrom(gap.to);

	if (far === null)
		lines.push(t("gap.last"));
	return [t("gap.title", { camera: one.name }), lines,
		[toldLines(one.camera.camera, gap), goOn(s, far)]];
}

// A thumbnail where the pointer rests, or where the keyboard went.
function point(s, i, at, line)
{
	clearTimeout(s.pointing);
	if (at === null) {
		s.thumb.hidden = true;
		return;
	}
	s.pointing = setTimeout(async () => {
		const one = s.screens[i];
		one.thumbs ??= new Thumbs(one.tape, s.id, one.zones);
		const canvas = await one.thumbs.at(at);
		if (!line.bar.matches(":hover, :focus"))
			return;
		const gap = one.tape.gapAt(at);
		const box = line.bar.getBoundingClientRect();
		const around = s.line.getBoundingClientRect();
		s.thumb.hidden = !canvas && !gap;
		fill(s.thumb, canvas, el("span", { class: "num" },
			`${one.name} ${time.timeText(at)}`),
		gap && el("span", {}, `${t("line.gap")}, ` +
			length(gap.to - gap.from)));
		const x = box.left - around.left + box.width * (at -
			s.strip.from) / (s.strip.to - s.strip.from);
		s.thumb.style.left = Math.min(Math.max(x, 100),
			around.width - 100) + "px";
		s.thumb.style.bottom = around.bottom - box.top + 6 + "px";
	}, POINTED);
}

// Does the approval still stand? What is buffered must go when it does not.
async function stands(s)
{
	try {
		const r = (await api.requests(true)).find((x) => x.id === s.id);
		if (!r || !open(r))
			s.player.refuse(new api.Problem("grant-ended", 403));
	} catch (problem) {
		if (problem.status === 401 || problem.status === 403)
			s.player.refuse(problem);
	}
}
