// watch-keys.js - the keyboard of Watch (rule 10).
import { speeds } from "../player.js";
import { nextOperation } from "./watch-journal.js";
import { marked, nextGap, panel, snapshot } from "./watch-side.js";

const ways = { ArrowLeft: -1, ArrowRight: 1 };

export function keyDown(s, e)
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
	} else if (/^[1-9]$/.test(e.key) && s.screens[e.key - 1]) {
		s.screens[e.key - 1].pick.click();
	}
}

// By the key's place, so that they work in a Kazakh or Russian layout too.
const acts = {
	" ": (p) => p.toggle(), Space: (p) => p.toggle(),
	KeyJ: (p) => p.reverse(), KeyK: (p) => p.pause(),
	KeyL: (p) => faster(p), KeyG: (p, s) => nextGap(s),
	KeyT: (p, s) => nextOperation(s),
	Comma: (p) => p.step(-1), Period: (p) => p.step(1),
	",": (p) => p.step(-1), ".": (p) => p.step(1),
	BracketLeft: (p, s) => marked(s, "in"), "[": (p, s) => marked(s, "in"),
	BracketRight: (p, s) => marked(s, "out"), "]": (p, s) => marked(s, "out"),
	KeyN: (p, s) => panel(s, "note"), KeyS: (p, s) => snapshot(s),
	Equal: (p, s) => s.strip.nearer(1), "+": (p, s) => s.strip.nearer(1),
	Minus: (p, s) => s.strip.nearer(-1), "-": (p, s) => s.strip.nearer(-1),
};

function faster(p)
{
	if (p.playing && !p.back)
		p.setSpeed(speeds[Math.min(speeds.indexOf(p.speed) + 1,
			speeds.length - 1)]);
	p.play();
}
