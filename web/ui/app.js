// app.js - the frame round every page: session, navigation, language, banners
// and the router. The address holds the state.
import * as api from "./api.js";
import { el, fill, say, tell } from "./dom.js";
import { firstLang, keepLang, lang, languages, length, setLang, t } from "./i18n.js";
import * as time from "./time.js";

const SIGNED = "saqta.signed";	// a hint only: is it worth asking who I am?
const CLOCK_LIMIT = 60e3;
const all = ["operator", "auditor", "custodian"];
const seers = ["auditor", "custodian"];
// path, file below pages/ (fetched when it is gone to), who may, where in the navigation
const routes = [
	[/^\/$/, "home", all, "home"],
	[/^\/find$/, "find", seers, "find"],
	[/^\/requests$/, "requests", seers, "requests"],
	[/^\/requests\/([A-Z0-9-]+)$/, "request", seers, "requests"],
	[/^\/watch\/([A-Z0-9-]+)$/, "watch", all, "requests"],
	[/^\/cases$/, "cases", seers, "cases"],
	[/^\/exports$/, "exports", seers, "exports"],
	[/^\/verify$/, "verify", seers, "verify"],
	[/^\/audit$/, "audit", seers, "audit"],
	[/^\/coverage$/, "coverage", seers, "coverage"],
	[/^\/cameras$/, "cameras", ["operator", "custodian"], "cameras"],
	[/^\/people$/, "people", ["operator", "custodian"], "people"],
	[/^\/account$/, "account", all, ""],
	[/^\/health$/, "health", all, "health"],
	[/^\/help$/, "help", all, "help"],
	[/^\/about$/, "about", all, "help"],
	[/^\/setup$/, "setup-steps", ["operator"], ""],
];
const paths = { home: "/", find: "/find", requests: "/requests",
	cases: "/cases", exports: "/exports", verify: "/verify",
	audit: "/audit", coverage: "/coverage", cameras: "/cameras",
	people: "/people", health: "/health", help: "/help" };

const app = {
	session: null, site: null, skew: 0, leave: null, turn: 0,

	// Go to an address of ours, as a link would.
	go(url)
	{
		history.pushState(null, "", url);
		return show(true);
	},

	// Write the state into the address without a new page.
	note(url) { history.replaceState(null, "", url); },

	// The site's now, whatever this computer's clock says.
	now: () => Date.now() + app.skew,

	async signedIn(session)
	{
		app.session = session;
		api.setCsrf(session.csrf);
		localStorage.setItem(SIGNED, "1");
		if (unfinished() && location.pathname === "/")
			return app.go("/setup");
		await show(true);
	},

	signedOut()
	{
		app.session = null;
		api.setCsrf("");
		localStorage.removeItem(SIGNED);
		keepLang();	// signing out cleared what was kept
	},

	refresh: () => show(false),

	// Renew what a page shows, as long as somebody is signed in: what
	// ends it. While nothing answers the page says how old it is.
	every(ms, renew)
	{
		const old = el("p", { class: "told bad", role: "alert",
			id: "old" });
		const turn = app.turn;
		let at = app.now();
		const timer = setInterval(() => renew().then(() => {
			at = app.now();
			old.remove();
		}, (problem) => {
			if (problem.status === 401)
				return app.session && show(false);
			if (turn !== app.turn || old.isConnected)
				return;
			old.textContent = t("page.old", { time: time.stamp(at) });
			document.getElementById("main").prepend(old);
		}), ms);

		return () => clearInterval(timer);
	},

	speak: (code) => change(code),
};

// Set-up was begun, and is for this person to go on with.
const unfinished = () => app.site.setup === "steps" &&
	app.session?.role === "operator";

async function start()
{
	document.addEventListener("click", follow);
	document.addEventListener("changed", showAnew);
	addEventListener("popstate", () => show(true));
	addEventListener("pagehide", () => app.leave?.());
	const signed = localStorage.getItem(SIGNED);
	// meanwhile, so that it is there when it is wanted
	moduleOf(signed && route()?.page || "signin").catch(() => {});
	try {
		await Promise.all([setLang(firstLang()), learnSite(),
			signed && learnSession()]);
	} catch (problem) {
		return broken(problem);
	}
	await show(false);
}

async function learnSite()
{
	const before = Date.now();

	app.site = await api.site();
	time.setZone(app.site.zone);
	const there = time.instant(app.site.now);
	if (there)
		app.skew = there - (before + Date.now()) / 2;
}

async function learnSession()
{
	try {
		app.session = await api.session();
		api.setCsrf(app.session.csrf);
	} catch (problem) {
		if (problem.status !== 401)
			throw problem;
		app.signedOut();
	}
}

function follow(e)
{
	const a = e.target.closest?.("a[href]");

	if (!a || e.ctrlKey || e.shiftKey || e.metaKey || a.target ||
	    a.hasAttribute("download") || a.origin !== location.origin ||
	    a.pathname.startsWith("/media/") || a.id === "skip")
		return;
	e.preventDefault();
	app.go(a.pathname + a.search);
}

function route()
{
	for (const [path, page, roles, name] of routes) {
		const m = path.exec(location.pathname);
		if (m)
			return { page, roles, name, id: m[1] };
	}
	return null;
}

async function show(focus)
{
	const turn = ++app.turn;
	const main = document.getElementById("main");
	const there = route();

	app.leave?.();
	app.leave = null;
	frame(there?.name);
	main.setAttribute("aria-busy", "true");
	const page = await pageOf(there);
	if (turn !== app.turn) {
		page.leave?.();
		return;
	}
	app.leave = page.leave ?? null;
	main.className = page.wide ? "wide" : "";
	fill(main, page.node);
	main.removeAttribute("aria-busy");
	document.title = `${page.title} \u00b7 Saqta`;
	if (focus)
		arrive(main, page.title);
	else if (turn === 1)
		main.querySelector("[data-first]")?.focus();
}

// Somebody else changed what one was about to change (412): the page is fetched
// anew, says so, and has the words again that were typed; no password, no code.
// A one-time password that is shown once stays.
async function showAnew()
{
	const words = () => document.querySelectorAll(
		"#main textarea[name], #main input[type=text][name]");
	const typed = new Map([...words()].filter((x) => x.name !== "code" &&
		x.value).map((x) => [x.name, x.value]));
	const told = el("p", { class: "told bad", role: "alert", tabindex: -1,
		id: "changed" }, t("problem.changed"));

	const sheet = [...document.getElementById("made")?.childNodes ?? []];
	const turn = app.turn + 1;

	await show(false);
	if (turn !== app.turn || !app.session)
		return;	// gone elsewhere meanwhile, or signed out
	document.getElementById("made")?.replaceChildren(...sheet);
	for (const x of words())
		if (typed.has(x.name))
			x.value = typed.get(x.name);
	document.getElementById("main").prepend(told);
	scrollTo(0, 0);
	told.focus({ preventScroll: true });
}

function arrive(main, title)
{
	scrollTo(0, 0);
	(main.querySelector("[data-first]") ?? main).focus(
		{ preventScroll: true });
	say(title);
}

const moduleOf = (name) => import(`./pages/${name}.js`);

// A page, made by its own module.
async function load(name, ...more)
{
	const module = await moduleOf(name).catch(() => {
		throw new api.Problem("unreachable", 0);
	});

	return module.default(app, ...more);
}

async function pageOf(there)
{
	if (app.site.setup === "code")
		return load("setup");
	if (!app.session)
		return load("signin");
	if (app.session.first)
		return load("account");
	if (!there)
		return plain("missing");
	if (!there.roles.includes(app.session.role))
		return plain("notYours", { roles: there.roles.map((r) =>
			t("role." + r)).join(", ") });
	try {
		return await load(there.page, there.id);
	} catch (problem) {
		if (problem.status === 401) {
			app.signedOut();
			frame(null);
			return load("signin", t("signin.ended"));
		}
		if (!problem.sentence)
			throw problem;
		return { title: t("problem.title"), node: el("section",
			{ class: "card" }, el("h1", {}, t("problem.title")),
			el("p", {}, problem.sentence)) };
	}
}

const plain = (key, values) => ({ title: t(key + ".title"),
	node: el("section", { class: "card" },
		el("h1", {}, t(key + ".title")),
		el("p", {}, t(key + ".text", values)),
		el("p", {}, el("a", { href: "/" }, t("nav.home")))) });

function broken(problem)
{
	fill(document.getElementById("main"), el("section",
		{ class: "card" }, el("h1", {}, "Saqta"),
		el("p", { role: "alert" }, problem.sentence ?? String(problem)),
		el("button", { class: "main",
			on: { click: () => location.reload() } },
		t("act.again"))));
}

function frame(current)
{
	document.getElementById("skip").textContent = t("nav.skip");
	fill(document.getElementById("banners"), banners());
	fill(document.getElementById("head"), el("a", { href: "/",
		class: "brand" }, el("img", { src: "/icon.svg", alt: "",
		width: 24, height: 24 }), "Saqta"),
	app.session && !app.session.first && navigation(current),
	el("div", { class: "right" }, languageButtons(),
		app.session && who()));
	fill(document.getElementById("foot"),
		el("span", {}, app.site.site), " \u00b7 ",
		el("span", {}, t("foot.zone", { zone: app.site.zone,
			offset: time.offsetText(app.now()) })));
}

function banners()
{
	const list = [];

	if (app.site.demo)
		list.push(el("p", { class: "banner demo" },
			el("strong", {}, "DEMO"), " \u00b7 " + t("demo.text")));
	if (Math.abs(app.skew) > CLOCK_LIMIT)
		list.push(el("p", { class: "banner alarm" },
			t(app.skew > 0 ? "clock.behind" : "clock.ahead",
				{ length: length(Math.abs(app.skew)) })));
	if (unfinished() && location.pathname !== "/setup")
		list.push(el("p", { class: "banner alarm" }, t("setup.open"),
			" ", el("a", { href: "/setup" }, t("setup.goOn"))));
	return list;
}

function navigation(current)
{
	const mine = routes.filter(([path, , roles, name]) => path.test(
		paths[name]) && roles.includes(app.session.role))
		.map((r) => r[3]);

	return el("nav", { "aria-label": t("nav.label") }, mine.map(
		(name) => el("a", { href: paths[name],
			"aria-current": name === current ? "page" : null },
		t("nav." + name))));
}

function languageButtons()
{
	return el("div", { class: "langs", role: "group",
		"aria-label": t("nav.language") }, languages.map(
		([code, name]) => el("button", { type: "button", lang: code,
			"aria-pressed": String(code === lang()),
			on: { click: () => change(code) } }, name)));
}

async function change(code)
{
	await setLang(code);
	await show(false);
	document.querySelector(`.langs [lang=${code}]`)?.focus();
	say(t("nav.changed"));
}

function who()
{
	const { user, role } = app.session;

	return el("div", { class: "who" },
		el("a", { href: "/account", id: "account" }, user,
			el("small", {}, t("role." + role))),
		el("button", { type: "button", id: "signout",
			on: { click: leave } }, t("act.signout")));
}

async function leave()
{
	await app.leave?.();
	app.leave = null;
	try {
		await api.signOut();
	} catch (problem) {
		if (problem.status !== 401)
			return tell(problem.sentence);
	}
	app.signedOut();
	await app.go("/");
}

start();
