// help.js - how the work goes, step by step, by role; words; keys.
import { el } from "../dom.js";
import { t } from "../i18n.js";

const STEPS = { auditor: 6, custodian: 5, operator: 4 };
export const KEYS = ["left,right", "shift", "ctrl", "frame", "space", "jkl",
	"gap", "operation", "mark", "snap", "notes", "camera", "zoom"];

export const keyTable = () => el("dl", { class: "facts" }, KEYS.map((k) => [
	el("dt", {}, t(`key.${k}.name`).split(" ").map((x) =>
		[el("kbd", {}, x), " "])), el("dd", {}, t(`key.${k}`))]));

export default function help(app)
{
	const mine = app.session.role;
	const roles = [mine, ...Object.keys(STEPS).filter((r) => r !== mine)];

	return { title: t("nav.help"), node: el("div", {},
		el("h1", {}, t("nav.help")),
		roles.map((role, i) => el("details", { class: "card",
			open: i === 0 }, el("summary", {}, el("strong", {},
			t("help." + role))), el("ol", {}, Array.from(
			{ length: STEPS[role] }, (_, n) => el("li", {},
				t(`help.${role}${n + 1}`)))))),
		el("section", { class: "card" }, el("h2", {}, t("help.words")),
			el("dl", { class: "facts" }, ["gap", "hold", "genuine",
				"ledger", "witness", "package"].map((w) => [
				el("dt", {}, t(`help.${w}`)),
				el("dd", {}, t(`help.${w}.text`))]))),
		el("section", { class: "card", id: "keys" },
			el("h2", {}, t("about.keys")), keyTable()),
		el("p", {}, el("a", { href: "/about" }, t("nav.about")))) };
}
