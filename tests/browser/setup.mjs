// setup.mjs - an operator sets up an empty box (ux.md, scenarios 1 to 3).
//
//   node setup.mjs BASEURL --told FILE.json [--shots DIR]
//
// The file has what the console showed (code, certificate), the camera's url
// and login, and the password that the operator chooses.
import fs from "node:fs";
import { begin, play, sleep } from "./lib.mjs";

const run = await begin("setup", ["told"]);
const { opt, is, p, shot } = run;
const told = JSON.parse(fs.readFileSync(opt.told, "utf8"));

async function accessible(what)
{
	const found = await p.violations();

	is(found.length === 0, `${what}: no axe violation`, found.join(" | "));
	is(await p.sideways() <= 0, `${what}: nothing scrolls sideways`);
	const keys = await p.eval(() => document.body.innerText.match(
		/\b(setup|act|account|factor|problem|volume|health)\.[a-z]+/g));
	is(!keys, `${what}: every word is there`, keys);
}

const languages = ["kk", "ru", "en"];

async function inAll(what, name)
{
	for (const code of languages) {
		await p.click(`.langs [lang=${code}]`);
		await p.until("the language", (c) =>
			document.documentElement.lang === c, code);
		await sleep(200);
		await accessible(`${what} in ${code}`);
		if (name)
			await shot(`${name}-${code}`);
	}
}

async function firstPage()
{
	await p.open("/find");
	await p.see("[name=setup-code]");
	is(await p.eval(() => !document.querySelector("[name=user]")),
		"any address is the page of set-up, without a sign-in");
	const seen = (await p.text("#fingerprint")).replace(/\s/g, "");
	is(seen === told.certificate,
		"the page shows the fingerprint that the console printed", seen);
	await inAll("the first page", "setup-code");
	await p.click("[name=speak][value=ru]");
	await p.reads("Настройка устройства");
	await p.click("[name=speak][value=en]");
	await p.reads("Set up this appliance");
	is(true, "a language is the first thing to choose");
	await p.fill("[name=setup-code]", "0000-0000-0001");
	await p.click("[name=code]");
	await p.reads("not the code that the console showed");
	is(true, "a wrong code is said in plain words");
	await p.fill("[name=setup-code]", told.code.toLowerCase());
	await p.click("[name=code]");
}

async function operator()
{
	await p.see("[name=new-user]");
	await inAll("the first operator");
	await p.fill("[name=new-user]", "Oleg");
	await p.click("[name=operator]");
	is(await p.eval(() => document.activeElement.name) === "new-user",
		"what is wrong is named, and focused");
	await p.fill("[name=new-user]", "oleg");
	is(await p.eval(() => !document.querySelector("[name=new-user]")
		.hasAttribute("aria-invalid")),
	"and not called wrong any more once it is typed anew");
	await p.fill("[name=new-name]", "Oleg Kim");
	await p.fill("[name=new-password]", told.password);
	await p.fill("[name=again]", told.password);
	await shot("setup-operator");
	await p.click("[name=operator]");
	await p.see("#step", 60e3);
	is(/step=factor/.test(await p.eval(() => location.search)),
		"the operator goes on; the address says where",
		await p.eval(() => location.href));
}

const step = async (name) => {
	await p.click(`[name=step][value=${name}]`);
	await p.until(name, (n) => location.search.includes(`step=${n}`), name);
};

async function factorAndTime()
{
	await p.click("#step button:not([name])");
	await p.see("#step .qr");
	is(true, "the second factor is shown as a QR code");
	await shot("setup-factor");
	await step("time");
	is(/Asia\/Almaty/.test(await p.text("#step")) &&
		/UTC\+05:00/.test(await p.text("#step")),
	"zone and time of the site are there to be compared",
	await p.text("#step"));
	await inAll("time", "setup-time");
}

// Scenario 2: the disk is too small, and that is accepted in writing.
async function disks()
{
	await step("disks");
	await p.fill("[name=cameras]", "16");
	await p.fill("[name=mbit]", "8");
	await p.reads("fit.");
	const text = await p.text("#fit");
	is(/16 cameras need 294 TB/.test(text) && /\d+ days? fit/.test(text),
		"a disk too small is told as days that fit", text);
	await inAll("disks", "setup-disks");
	await p.click("[name=accept]");
	is(await p.eval(() => document.activeElement.name) === "reason",
		"nothing is accepted without a word");
	await p.fill("[name=reason]", "Two more disks come in December");
	await p.click("[name=accept]");
	await p.reads("accepted in the ledger");
	is(await p.eval(() => !document.querySelector("[name=accept]")),
		"the lack of room is accepted in writing");
	await p.fill("[name=cameras]", "1");
	await p.fill("[name=mbit]", "0.001");
	await p.until("it fits", () => document.querySelector("#fit.good"));
	is(true, "what fits is said as well");
	await p.fill("[name=cameras]", "16");
	await p.fill("[name=mbit]", "8");
}

// Left, and gone on with.
async function resumed()
{
	await p.open("/health");
	await p.reads("Set-up is not finished.");
	await p.click("#banners a");
	await p.see("#step");
	await p.open("/setup?step=disks&cameras=16&mbit=8");
	await p.reads("accepted in the ledger");
	is(true, "set-up can be left and gone on with");
	await step("custodians");
	await p.reads("There is one custodian.");
	await inAll("custodians");
}

async function look(word)
{
	await p.fill("[name=url]", told.url);
	await p.fill("[name=camera-user]", "admin");
	await p.fill("[name=camera-password]", word);
	await p.press("Enter");
}

// Scenario 3.
async function camera()
{
	await step("camera");
	await p.see("[name=url]");
	const begun = Date.now();
	await look("surely not it");
	await p.see("#why-not", 12000);
	is(/Wrong user or password/.test(await p.text("#why-not")) &&
		Date.now() - begun < 10e3,
	"a wrong password of the camera is said within 10 s");
	await look(told.camera);
	await p.see("#seen", 12000);
	await p.click("[name=next]");
	await p.fill("[name=id]", "atm0417-room");
	await p.fill("[name=camera-name]", "Room");
	await p.fill("[name=atm]", "0417");
	await p.click("[name=add]");
	await p.see("#proof");
	const added = Date.now();
	await p.until("all six steps", () => {
		const all = [...document.querySelectorAll("#proof li")];
		return all.length === 6 &&
			all.every((li) => li.dataset.done === "true");
	}, null, 90e3);
	is(Date.now() - added < 90e3, "P9 connected, frames, written, " +
		"encrypted, indexed, read back within 90 s",
	`${Date.now() - added} ms`);
	await p.until("the list knows", () => document.querySelector(
		"[name=step][value=camera] .good"), null, 10e3);
	await shot("setup-camera");
}

async function finish()
{
	await step("finish");
	await inAll("the end", "setup-finish");
	await p.click("[name=finish]");
	is(await p.eval(() => document.activeElement.name) === "reason",
		"one custodian is not accepted without a word");
	await p.fill("[name=reason]", "The second is named next week");
	await p.click("[name=finish]");
	await p.until("home", () => location.pathname === "/");
	await p.reads("recording");
	is(await p.eval(() => !document.body.innerText.includes(
		"Set-up is not finished")), "set-up is over");
	await p.open("/setup");
	await p.reads("Set-up is finished");
}

await play(run, async () => {
	await firstPage();
	await operator();
	await factorAndTime();
	await disks();
	await resumed();
	await camera();
	await finish();
	is(!p.watch.urls.some((u) => u.includes(told.code) ||
		u.includes(told.camera)), "no secret stands in an address");
	for (const [status, url] of p.watch.statuses)
		if (status === 204 && url.includes("/api/v1/setup/"))
			console.log(`# seen POST ${new URL(url).pathname} 204`);
});
