// watch.js - footage inside an approved request: picture, clock, timeline.
// Where there is none, a card says why; the position is never both.
import * as api from "../api.js";
import { el, fill, say } from "../dom.js";
import { bytes, length, number, t } from "../i18n.js";
import { canShow, Player, speeds } from "../player.js";
import { Tape } from "../tape.js";
import * as time from "../time.js";
import { causeText, legend, Timeline } from "../timeline.js";
import { open } from "./requests.js";

const ASK_AGAIN = 8e3;	// ms between two looks whether the approval stands
const NOTE = 1e3;	// ms between two changes of the address

export default async function watch(app, id)
{
	const r = (await api.requests()).find((x) => x.id === id);

	if (!r || !r.mine || !open(r))
		return needed(id, r);
	const play = await api.play(id);
	const q = new URLSearchParams(location.search);
	const s = { app, id, r, play, noted: 0,
		from: time.instant(play.from), to: time.instant(play.to) };
	const first = play.cameras.find((c) => c.camera === q.get("camera")) ??
		play.cameras[0];

	build(s);
	choose(s, first, time.instant(q.get("t")));
	const keys = (e) => key(s, e);
	document.addEventListener("keydown", keys);
	const timer = setInterval(() => stands(s), ASK_AGAIN);
	return { title: t("watch.title", { id }), node: s.node, wide: true,
		leave: () => {
			document.removeEventListener("keydown", keys);
			clearInterval(timer);
			s.player?.close();
			return app.session ? api.stop(id) : null;
		} };
}

// A link without the right to it answers with what is needed.
const needed = (id, r) => ({ title: t("need.title"),
	node: el("section", { class: "card" },
		el("h1", {}, t("need.title")),
		el("p", {}, t(!r ? "need.none" : !r.mine ? "need.notMine" :
			r.state === "submitted" ? "need.waiting" :
				"need.over", { id })),
		el("p", { class: "row" },
			r && el("a", { class: "button", href: "/requests/" + id },
				t("need.see", { id })),
			el("a", { class: "button main", href: "/find" },
				t("requests.new")))) });

function build(s)
{
	s.video = el("video", { playsinline: true, tabindex: -1,
		disableremoteplayback: true });
	s.video.muted = true;
	s.clock = el("div", { class: "clock" });
	s.card = el("div", { class: "gapcard", hidden: true });
	s.screen = el("div", { class: "screen" }, s.video, s.clock,
		el("div", { class: "viewer" }, t("watch.viewer",
			{ user: s.app.session.user, id: s.id })), s.card);
	s.badges = el("div", { class: "badges" });
	s.line = el("div", {});
	s.controls = el("div", { class: "controls" });
	s.side = el("aside", { "aria-label": t(mayExport(s) ? "watch.side" :
		"watch.gaps") });
	s.node = el("div", {}, el("div", { class: "between" },
		el("h1", {}, t("watch.title", { id: s.id })),
		el("a", { href: "/requests/" + s.id }, t("watch.request"))),
	s.badges, el("div", { class: "watch" },
		el("div", {}, s.screen, s.controls, s.line), s.side));
}

// Show one camera; the others are not fetched.
function choose(s, camera, at = NaN)
{
	const wish = Number.isFinite(at) ? at : s.player?.at ?? NaN;

	s.player?.close();
	s.camera = camera;
	s.tape = new Tape(camera, s.from, s.to);
	s.player = new Player(s.video, s.tape, s.id);
	s.line.replaceChildren();
	s.timeline = new Timeline({ label: t("watch.line",
		{ camera: camera.name }), from: s.from, to: s.to,
	spans: spans(s.tape), at: s.from,
	move: (to) => s.player.seek(to) });
	s.timeline.bar.id = "line";
	fill(s.line, s.timeline.node, legend());
	fill(s.badges, badges(s));
	fill(s.controls, controls(s));
	fill(s.side, side(s));
	s.player.addEventListener("move", () => moved(s));
	s.player.addEventListener("state", () => changed(s));
	const first = s.tape.recordedFrom(s.from) ?? s.from;
	s.player.seek(Number.isFinite(wish) ? wish : first);
}

const spans = (tape) => [
	...tape.runs.map((r) => ({ kind: "recorded", from: r.from, to: r.to,
		flags: [] })),
	...tape.gaps.map((g) => ({ kind: "gap", from: g.from, to: g.to,
		cause: g.cause })),
].sort((a, b) => a.from - b.from);

function badges(s)
{
	const { tape, r } = s;
	const whole = tape.recorded + tape.gapLength;
	const share = number(100 * tape.recorded / Math.max(1, whole), 1);

	return [el("strong", { class: "num" }, time.span(s.from, s.to)),
		el("span", { class: "badge " +
			(tape.gaps.length ? "bad" : "good") },
		tape.gaps.length ? t("badge.gaps", { share,
			n: tape.gaps.length, length: length(tape.gapLength) }) :
			t("badge.complete")),
		r.granted?.ends && el("span", { class: "badge num" },
			t("badge.ends", { time:
				time.stamp(time.instant(r.granted.ends)) }))];
}

// A button whose text is a sign has its words as its name; one whose text can
// be read is named by it.
const button = (label, text, click, extra = {}) => el("button",
	{ type: "button", title: label, on: { click }, ...extra,
		"aria-label": /\p{L}/u.test(text) ? null : label }, text);

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
	button(t("watch.frameBack"), "\u25c0|", () => p.step(-1)),
	s.playButton,
	button(t("watch.frameOn"), "|\u25b6", () => p.step(1)),
	button(t("watch.on10"), "+10 " + t("unit.s"),
		() => p.seek(p.at + 10e3)),
	el("span", { class: "sep" }),
	el("span", { role: "group", class: "row",
		"aria-label": t("watch.speeds") }, s.speedButtons),
	s.tape.gaps.length > 0 && button(t("watch.nextGap"),
		t("watch.gapShort"), () => nextGap(s))];
}

const speedText = (x) => ({ 0.25: "\u00bc", 0.5: "\u00bd" })[x] ?? x + "\u00d7";

function side(s)
{
	return [s.play.cameras.length > 1 && el("section", { class: "card" },
		el("h2", {}, t("column.cameras")),
		el("div", { class: "row" }, s.play.cameras.map((c) =>
			el("button", { type: "button", "aria-pressed":
				String(c === s.camera), on: { click: () =>
				choose(s, c) } }, c.name)))),
	el("section", { class: "card" }, el("h2", {}, t("watch.gaps")),
		s.tape.gaps.length ? el("ul", { class: "list" },
			s.tape.gaps.map((g) => gapLine(s, g))) :
			el("p", { class: "soft" }, t("watch.noGaps"))),
	mayExport(s) && el("section", { class: "card" },
		el("h2", {}, t("watch.download")),
		el("p", { class: "soft" }, t("watch.downloadText")),
		el("ul", { class: "list" }, s.camera.runs.map((r) =>
			el("li", {}, downloadLink(s, r))))),
	el("details", { class: "card" }, el("summary", {}, t("about.keys")),
		el("dl", { class: "facts" }, ["left,right", "shift", "ctrl",
			"frame", "space", "jkl", "gap"].map((k) => [
			el("dt", {}, t(`key.${k}.name`)),
			el("dd", {}, t(`key.${k}`))])))];
}

const gapLine = (s, g) => el("li", {}, el("button", { type: "button",
	on: { click: () => s.player.seek(g.from) } },
`${time.timeText(g.from)}\u2013${time.timeText(g.to)}`), " ",
length(g.to - g.from), el("br"), el("small", {}, causeText(g.cause)));

// A file is an export; who may only watch is not shown one.
const mayExport = (s) => s.r.right === "export";

function downloadLink(s, run)
{
	const from = time.fromNs(run.from_ns), to = time.fromNs(run.to_ns);

	return [el("a", { href: api.movie(s.id, s.camera.camera, run.run),
		download: true, class: "num" },
	`${time.timeText(from)}\u2013${time.timeText(to)}`),
	el("small", {}, ` ${length(to - from)}, ${bytes(run.bytes)}`)];
}

function moved(s)
{
	const at = s.player.at;

	s.clock.textContent = `${time.dateText(at)} ` +
		`${time.timeText(at, true)} ${time.offsetText(at)}`;
	s.timeline.set(at);
	if (performance.now() - s.noted > NOTE)
		note(s);
}

function note(s)
{
	if (s.player.closed)
		return;
	s.noted = performance.now();
	s.app.note(`/watch/${s.id}?` + new URLSearchParams(
		{ camera: s.camera.camera, t: time.rfc3339(
			Math.floor(s.player.at)) }));
}

function changed(s)
{
	const p = s.player;
	const playing = p.playing;
	const label = t(playing ? "watch.pause" : "watch.play");

	s.playButton.textContent = playing ? "\u275a\u275a" : "\u25b6";
	s.playButton.setAttribute("aria-label", label);
	s.playButton.title = label;
	s.speedButtons.forEach((b, i) => b.setAttribute("aria-pressed",
		String(speeds[i] === p.speed)));
	showCard(s);
	note(s);
}

// What stands in the picture's place, "" where the picture does.
function cardKind(p)
{
	if (p.refused)
		return "refused";
	if (p.gap)
		return "gap" + p.gap.from_ns;
	if (p.unshown)
		return "unshown";
	if (p.ended || !p.run)
		return "end";
	return p.bad ? "bad" + p.bad.n : "";
}

function showCard(s)
{
	const kind = cardKind(s.player);

	if (kind === s.kind)
		return;
	s.kind = kind;
	s.card.hidden = kind === "";
	s.screen.classList.toggle("empty", kind !== "");
	s.clock.hidden = kind !== "";
	if (!kind)
		return;
	const [title, lines, go] = cardText(s, kind);
	s.card.classList.toggle("plain", !kind.startsWith("gap"));
	fill(s.card, el("h2", {}, title), lines.map((l) => el("p", {}, l)), go);
	say([title, ...lines].join(" "));
}

const goOn = (s, at) => at === null || at >= s.to ? null :
	el("button", { type: "button", id: "continue", on: { click: async () => {
		await s.player.seek(at);
		document.getElementById("play")?.focus();
	} } }, t("gap.continue", { time: time.timeText(at) }));

function cardText(s, kind)
{
	const p = s.player;

	if (kind === "refused")
		return [t("refused.title"), [p.refused.sentence ??
			t("refused.text")], el("a", { class: "button",
			href: "/requests/" + s.id }, t("need.see",
			{ id: s.id }))];
	if (kind === "unshown")
		return [t("unshown.title"), [t("unshown.text",
			{ codec: p.unshown.codec })], null];
	if (kind === "end")
		return [t("end.title"), [t("end.text")],
			goOn(s, s.tape.recordedFrom(s.from))];
	if (kind.startsWith("bad"))
		return [t("bad.title"), [p.bad.bad.sentence ?? t("bad.text")],
			el("div", { class: "row" }, el("button",
				{ type: "button", on: { click: () =>
					p.retry() } }, t("act.again")),
			goOn(s, p.beyondBad))];
	return gapText(s, p.gap);
}

function gapText(s, g)
{
	const noticed = time.instant(g.noticed);
	const lines = [`${time.span(g.from, g.to)}, ${length(g.to - g.from)}`,
		causeText(g.cause) + "."];

	if (noticed)
		lines.push(t("gap.noticed", { time: time.stamp(noticed) }));
	const far = s.tape.recordedFrom(g.to);
	if (far === null)
		lines.push(t("gap.last"));
	return [t("gap.title", { camera: s.camera.name }), lines, goOn(s, far)];
}

function nextGap(s)
{
	const gap = s.tape.nextGap(s.player.at);

	if (gap)
		s.player.seek(gap.from);
	else
		say(t("watch.noMoreGaps"));
}

// Does the approval still stand? What is buffered must go when it does not.
async function stands(s)
{
	try {
		const r = (await api.requests()).find((x) => x.id === s.id);
		if (!r || !open(r))
			s.player.refuse(new api.Problem("grant-ended", 403));
	} catch (problem) {
		if (problem.status === 401 || problem.status === 403)
			s.player.refuse(problem);
	}
}

const ways = { ArrowLeft: -1, ArrowRight: 1 };

function key(s, e)
{
	const p = s.player;

	if (e.altKey || e.metaKey || e.target.matches?.(
		"input, select, textarea") || p.refused)
		return;
	if (e.key in ways) {
		e.preventDefault();
		p.seek(p.at + ways[e.key] * (e.ctrlKey ? 60e3 :
			e.shiftKey ? 10e3 : 1e3));
		return;
	}
	if (e.ctrlKey || (e.key === " " && e.target.matches?.(
		"button, a, summary")))
		return;
	const act = acts[e.code] ?? acts[e.key];
	if (act) {
		e.preventDefault();
		act(p, s);
	}
}

// By the key's place, so that they work in a Kazakh or Russian layout too.
const acts = {
	" ": (p) => p.toggle(), Space: (p) => p.toggle(),
	KeyJ: (p) => p.reverse(), KeyK: (p) => p.pause(),
	KeyL: (p) => faster(p), KeyG: (p, s) => nextGap(s),
	Comma: (p) => p.step(-1), Period: (p) => p.step(1),
	",": (p) => p.step(-1), ".": (p) => p.step(1),
};

function faster(p)
{
	if (p.playing && !p.back)
		p.setSpeed(speeds[Math.min(speeds.indexOf(p.speed) + 1,
			speeds.length - 1)]);
	p.play();
}
