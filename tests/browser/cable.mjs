// cable.mjs - a camera's cable is out for 40 s (ux.md, scenario 4): the operator
// has Home open, and touches nothing; afterwards an auditor finds one gap.
//
//   node cable.mjs BASEURL --accounts FILE.json --camera ID --pid PID
//       [--browser chromium|firefox] [--shots DIR]
//
// The process is the simulated camera, which is silent between two signals.
import { begin, play, sleep } from "./lib.mjs";

const OUT = 40e3, SAID = 15e3, NEAR = 3e3;	// ms
const run = await begin("cable", ["accounts", "camera", "pid"]);
const { opt, accounts, is, p, shot } = run;
const alarms = () => p.eval(() => [...document.querySelectorAll(
	"main .told.bad, main .badge.bad")].map((n) => n.innerText));

async function isOut()
{
	const asked = [];

	await p.see("main .told.good");	// the machine's clock may not be set
	p.page.on("request", (r) => r.url().endsWith("/api/v1/cameras") &&
		asked.push(r.headers()["x-saqta-background"]));
	is((await alarms()).length === 0, "Home has no alarm while all is well",
		await alarms());
	const begun = Date.now();
	process.kill(Number(opt.pid), "SIGUSR1");
	await p.until("the cause", () => /camera did not answer|connection to the camera was lost/.test(
		document.querySelector("main table")?.innerText), null, SAID + 5e3)
		.catch(() => {});
	const took = Date.now() - begun;
	const row = await p.text("main table");
	is(took < SAID, "the camera's cause stands on Home within 15 s, by itself",
		`${took} ms: ${row}`);
	await p.until("the sentence", () => document.querySelector(
		"main .told.bad"), null, SAID);
	const said = await alarms();
	is(said.length === 2 && said.every((s) => s), "one alert, and one " +
		"camera that is not recording", said.join(" | "));
	await shot("out");
	await sleep(begun + OUT - Date.now());
	process.kill(Number(opt.pid), "SIGUSR2");
	await p.until("all is well again", () => !document.querySelector(
		"main .told.bad, main .badge.bad"), null, 60e3);
	is(true, "and Home says by itself when it is over");
	// the first may be the page's own, fetched again in this language
	is(asked.length > 5 && asked.slice(1).every((h) => h), "what it asks for that " +
		"by itself keeps nobody signed in", asked.join());
	await shot("over");
	return begun;
}

async function leavesOneGap(begun)
{
	const from = new Date(begun - 10e3), to = new Date(begun + OUT + 9e3);

	await p.open("/find?" + new URLSearchParams({ camera: opt.camera,
		from: from.toISOString(), to: to.toISOString() }));
	await p.see("#main [role=slider]");
	const rows = await p.eval(() => [...document.querySelectorAll(
		"main details tbody tr")].map((tr) => tr.innerText));
	const length = Number(/\t([\d.]+)\ss\t/.exec(rows[0])?.[1]) * 1e3;
	is(rows.length === 1 && Math.abs(length - OUT) <= NEAR,
		"afterwards there is one gap of 40 s, 3 more or less",
		rows.join(" | "));
	await shot("gap");
}

// The connection may end in the middle of an answer, too.
async function breaksOff()
{
	await p.click(".langs [lang=en]");
	await p.reads("What was recorded");
	await p.eval(() => {
		window.whole = Response.prototype.text;
		Response.prototype.text = () =>
			Promise.reject(new DOMException("", "AbortError"));
	});
	await p.click("nav [href='/health']");
	await p.reads("The appliance does not answer.");
	await p.eval(() => {
		Response.prototype.text = window.whole;
	});
	is(await p.eval(() => location.pathname === "/health"),
		"an answer that breaks off is told as none that came");
}

await play(run, async () => {
	await p.open("/");
	await p.signIn(accounts.operator);
	await p.click(".langs [lang=en]");
	const begun = await isOut();
	await p.signOut();
	await p.signIn(accounts.auditor);
	await leavesOneGap(begun);
	await breaksOff();
});
