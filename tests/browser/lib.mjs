// lib.mjs - one small face for two browsers: Chromium through playwright-core,
// Firefox through puppeteer-core (WebDriver BiDi; playwright-core drives only
// a Firefox of its own). Both run in America/St_Johns, whose half-hour offset
// shows at once where a page used the browser's zone.
import { createHmac } from "node:crypto";
import fs from "node:fs";
import https from "node:https";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";

const ZONE = "America/St_Johns";
const SIZE = { width: 1366, height: 768 };
const chromiumFlags = ["--no-sandbox", "--disable-gpu", "--disable-quic",
	"--no-first-run", "--disable-background-networking",
	"--disable-component-update", "--disable-sync"];
const firefoxPrefs = {
	"app.update.enabled": false, "browser.download.alwaysOpenPanel": false,
	"browser.safebrowsing.downloads.remote.enabled": false,
	"datareporting.policy.dataSubmissionEnabled": false,
	"extensions.update.enabled": false, "intl.accept_languages": "en",
	"media.autoplay.default": 0, "network.captive-portal-service.enabled": false,
	"network.connectivity-service.enabled": false,
	"network.prefetch-next": false,
	"services.settings.server": "http://127.0.0.1:9/",
	"toolkit.telemetry.enabled": false,
};

// What a page said and asked for; judged at the end.
class Watch {
	errors = [];
	urls = [];
	statuses = [];

	console(type, text)
	{
		// A refused request is judged by its status, not by this line.
		if (type === "error" && !/Failed to load resource/.test(text))
			this.errors.push(text);
	}
}

async function chromium()
{
	const { chromium: c } = await import("playwright-core");
	const profile = fs.mkdtempSync(path.join(os.tmpdir(), "saqta-chromium-"));
	const context = await c.launchPersistentContext(profile, {
		executablePath: "/usr/bin/chromium", headless: true,
		args: chromiumFlags, ignoreHTTPSErrors: true, viewport: SIZE,
		timezoneId: ZONE, locale: "en",
		env: { ...process.env, TZ: ZONE } });
	const page = context.pages()[0] ?? await context.newPage();
	const watch = new Watch();

	page.on("console", (m) => watch.console(m.type(), m.text()));
	page.on("pageerror", (e) => watch.errors.push(String(e)));
	context.on("request", (r) => watch.urls.push(r.url()));
	context.on("response", (r) =>
		watch.statuses.push([r.status(), r.url()]));
	return { page, watch, name: "chromium",
		goto: (url) => page.goto(url, { waitUntil: "load" }),
		shot: (file) => page.screenshot({ path: file }),
		press: (key) => page.keyboard.press(key),
		scheme: (colorScheme) => page.emulateMedia({ colorScheme }),
		before: (f) => page.addInitScript(f),
		close: async () => {
			await context.close();
			fs.rmSync(profile, { recursive: true, force: true });
		} };
}

async function firefox()
{
	const { default: puppeteer } = await import("puppeteer-core");
	const browser = await puppeteer.launch({ browser: "firefox",
		executablePath: "/usr/bin/firefox-esr", headless: true,
		acceptInsecureCerts: true, defaultViewport: SIZE,
		env: { ...process.env, TZ: ZONE },
		extraPrefsFirefox: firefoxPrefs });
	const page = await browser.newPage();
	const watch = new Watch();

	await page.setViewport(SIZE);
	page.on("console", (m) => watch.console(m.type(), m.text()));
	page.on("pageerror", (e) => watch.errors.push(String(e)));
	page.on("request", (r) => watch.urls.push(r.url()));
	page.on("response", (r) =>
		watch.statuses.push([r.status(), r.url()]));
	return { page, watch, name: "firefox",
		goto: (url) => page.goto(url, { waitUntil: "load" }),
		shot: (file) => page.screenshot({ path: file }),
		press: async (key) => {
			const held = key.replace(/Space$/, " ").split("+");
			const last = held.pop();
			for (const k of held)
				await page.keyboard.down(k);
			await page.keyboard.press(last);
			for (const k of held)
				await page.keyboard.up(k);
		},
		scheme: null,
		before: (f) => page.evaluateOnNewDocument(f),
		close: () => browser.close() };
}

export async function launch(name, base)
{
	const driver = await (name === "firefox" ? firefox() : chromium());

	return new Person(driver, base.replace(/\/$/, ""));
}

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// Somebody in front of the screen. Waits end with an error that says for what.
export class Person {
	constructor(driver, base)
	{
		Object.assign(this, { driver, base, page: driver.page,
			watch: driver.watch });
	}

	wide = [];	// pictures of pages that scroll sideways

	open(address) { return this.driver.goto(this.base + address); }
	eval(f, arg) { return this.page.evaluate(f, arg); }
	close() { return this.driver.close(); }
	press(key) { return this.driver.press(key); }
	async shot(file)
	{
		if (await this.width() === SIZE.width &&
		    await this.sideways() > 0)
			this.wide.push(path.basename(file));
		await this.driver.shot(file);
	}

	width() { return this.eval(() => window.innerWidth); }
	text(selector)
	{
		return this.eval((s) => document.querySelector(s)?.innerText ??
			"", selector);
	}

	// Its beginning, for who misses something on it.
	says()
	{
		return this.eval(() => document.body.innerText.slice(0, 300))
			.catch((e) => e.message);
	}

	// The first true value of f(arg) in the page.
	async until(what, f, arg, ms = 40000)
	{
		const end = Date.now() + ms;

		for (;;) {
			const value = await this.eval(f, arg).catch((e) => {
				if (!/context|navigat/i.test(e.message))
					throw e;
			});
			if (value)
				return value;
			if (Date.now() > end)
				throw new Error(`${what}: not within ${ms} ms; ` +
					`the page says "${await this.says()}"`);
			await sleep(50);
		}
	}

	see(selector, ms)
	{
		return this.until("see " + selector, (s) => {
			const n = document.querySelector(s);
			return n !== null && n.offsetParent !== null;
		}, selector, ms);
	}

	reads(text, ms)
	{
		return this.until(`read "${text}"`, (x) =>
			document.body.innerText.includes(x), text, ms);
	}

	async click(selector)
	{
		await this.see(selector);
		await this.page.click(selector);
	}

	// Replace what stands in a field, as typing does.
	async fill(selector, value)
	{
		await this.see(selector);
		await this.page.focus(selector);
		await this.eval((s) => document.querySelector(s).select?.(),
			selector);
		await this.press("Delete");
		await this.page.keyboard.type(value);
	}

	// What axe-core finds by these rules or tags (WCAG 2.2 AA), a line each.
	violations(by = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"])
	{
		const axe = fs.readFileSync(new URL(
			"./node_modules/axe-core/axe.min.js", import.meta.url),
		"utf8");

		return this.eval(async ([source, values]) => {
			if (!window.axe)
				(0, eval)(source);
			const r = await window.axe.run(document, { runOnly: values });
			return r.violations.map((v) => v.id + " " +
				v.nodes.map((n) => n.target.join(" ")).join("; "));
		}, [axe, by]).catch((e) => [String(e)]);
	}

	// As a program with this session would ask: {status, headers, body}.
	fetch(url, options = {})
	{
		return this.eval(async ([u, o]) => {
			const csrf = o.method ? (await (await fetch(
				"/api/v1/session")).json()).csrf : "";
			const a = await fetch(u, { ...o, headers: {
				...o.headers, "X-Saqta-CSRF": csrf ?? "" } });
			const body = await a.arrayBuffer();
			return { status: a.status, bytes: body.byteLength,
				headers: Object.fromEntries(a.headers),
				text: body.byteLength < 1e6 ? new TextDecoder()
					.decode(body) : "" };
		}, [url, options]);
	}

	async signIn(account)
	{
		const code = account.factor ? await newCode(account) : "";

		await this.fill("[name=user]", account.user);
		await this.fill("[name=password]", account.password);
		await this.fill("[name=code]", code);
		await this.press("Enter");
		await this.see("#signout");
	}

	async signOut()
	{
		await this.click("#signout");
		await this.see("[name=user]");
	}

	sideways()
	{
		return this.eval(() => document.documentElement.scrollWidth -
			document.documentElement.clientWidth);
	}
}

// Somebody else meanwhile, as a program: one act with a session of his own.
export async function asAnother(base, account, address, body)
{
	let cookie = "", csrf = "";
	const ask = (to, what) => new Promise((done, fail) => {
		const r = https.request(base + to, { method: "POST",
			rejectUnauthorized: false, headers: { cookie,
				"X-Saqta-CSRF": csrf,
				"Sec-Fetch-Site": "same-origin",
				"Content-Type": "application/json" } }, (a) => {
			let text = "";
			a.on("data", (d) => { text += d; });
			a.on("end", () => done({ status: a.statusCode, text,
				cookie: a.headers["set-cookie"]?.[0] }));
		});
		r.on("error", fail);
		r.end(JSON.stringify(what));
	});
	const session = await ask("/api/v1/session", { user: account.user,
		password: account.password, code: await newCode(account) });

	cookie = session.cookie.split(";")[0];
	({ csrf } = JSON.parse(session.text));
	return ask(address, body);
}

// The date and time of an instant at the site, as a person types them; with
// the offset that the server tells, for Node.js may have older zone data.
export function typed(ms, site)
{
	const [, sign, h, m] = site.now.match(/([+-])(\d\d):(\d\d)$/);
	const offset = (sign === "-" ? -1 : 1) * (h * 60 + +m) * 60e3;
	const t = new Date(ms + offset).toISOString();

	return [t.slice(0, 10).split("-").reverse().join("."),
		t.slice(11, 19)];
}

// RFC 6238: a code that was not used yet; waits where all of now were. The
// clock of the box may be ahead of this one's (ms). The line tells who started
// this program which step that was.
export async function newCode(account)
{
	for (;;) {
		const at = Date.now() + (account.ahead ?? 0);
		const now = Math.floor(at / 30000);
		// good for half a minute at least: a busy browser is slow to type
		const step = Math.max(account.used + 1, now);

		if (step <= now + 1) {
			account.used = step;
			console.log(`# used ${account.user} ${step}`);
			return totp(Buffer.from(account.factor, "hex"), step);
		}
		await sleep(500);
	}
}

function totp(secret, step)
{
	const at = Buffer.alloc(8);

	at.writeBigUInt64BE(BigInt(step));
	const mac = createHmac("sha1", secret).update(at).digest();
	const n = mac.readUInt32BE(mac[19] & 15) & 0x7fffffff;

	return String(n % 1000000).padStart(6, "0");
}

// Lines "ok - sentence"; the number of failures is the exit status's reason.
export class Report {
	passed = 0;
	failed = 0;

	constructor(prefix) { this.prefix = prefix; }

	is(truth, sentence, detail = "")
	{
		this[truth ? "passed" : "failed"]++;
		console.log(`${truth ? "ok" : "not ok"} - ${this.prefix}: ` +
			sentence + (truth || detail === "" ? "" :
			` (${detail})`));
	}
}

// What a script of this folder begins with:
//
//   node NAME.mjs BASEURL [--browser chromium|firefox] [--shots DIR]
//
// and --WORD VALUE for each of `words`; one that ends in "?" may be left out.
// {opt, base, accounts, report, p, is, shot, json}: the people of the file
// --accounts by role (tests/system/lib/browsing.py), somebody in front of the
// browser, what he says by is(truth, sentence, detail), his picture by
// shot(what), and an answer of the appliance.
export async function begin(name, words = ["accounts"])
{
	const known = words.map((w) => w.replace("?", ""));
	const { values, positionals: [base, ...rest] } = parseArgs({
		allowPositionals: true, options: Object.fromEntries(
			["browser", "shots", ...known].map((w) =>
				[w, { type: "string" }])) });
	const opt = { browser: "chromium", shots: "shots", ...values };

	if (!base || rest.length || words.some((w) => !w.endsWith("?") &&
	    !(w in opt))) {
		console.error(`usage: node ${name}.mjs BASEURL ` + words.map((w) =>
			w.endsWith("?") ? `[--${w.slice(0, -1)} VALUE]` :
				`--${w} VALUE`).join(" ") +
			" [--browser chromium|firefox] [--shots DIR]");
		process.exit(2);
	}
	const report = new Report(opt.browser);
	const p = await launch(opt.browser, base);

	return { opt, base, report, p, is: (...a) => report.is(...a),
		accounts: opt.accounts ? JSON.parse(fs.readFileSync(
			opt.accounts, "utf8")) : {},
		shot: async (what) => {
			fs.mkdirSync(opt.shots, { recursive: true });
			await sleep(150);
			await p.shot(path.join(opt.shots,
				`${opt.browser}-${name}-${what}.png`));
		},
		json: async (url) => JSON.parse((await p.fetch(url)).text) };
}

// Play what a script of this folder is for, to its end; then what holds of every
// page it saw. Whatever fails leaves a picture. Ends the process.
export async function play({ p, report, shot }, acts)
{
	try {
		await acts();
		judge(p, report);
	} catch (e) {
		await shot("failed").catch(() => {});
		report.is(false, "it is played to its end", e.stack);
	} finally {
		await p.close();
	}
	console.log(`# ${report.passed} passed, ${report.failed} failed`);
	process.exit(report.failed ? 1 : 0);
}

function judge(p, report)
{
	const { host } = new URL(p.base);
	const foreign = p.watch.urls.filter((u) => /^https?:/.test(u) &&
		new URL(u).host !== host);

	report.is(p.watch.errors.length === 0, "no console error",
		p.watch.errors.slice(0, 3).join(" | "));
	report.is(foreign.length === 0, "no request to another host",
		foreign[0]);
	report.is(p.wide.length === 0, "no page scrolls sideways at 1366 pixels",
		p.wide.join(" | "));
}

export { sleep };
