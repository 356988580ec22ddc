// cameras.mjs - an operator adds a camera at the page (ux.md, scenario 3).
//
//   node cameras.mjs BASEURL --accounts FILE.json --url RTSPURL --user USER
//       --password-file FILE --certificate FINGERPRINT
//       [--browser chromium|firefox] [--shots DIR]
//
// Prints "ok - sentence" or "not ok - sentence"; exit 1 on any failure.
import fs from "node:fs";
import { begin, newCode, play, sleep } from "./lib.mjs";

const run = await begin("cameras", ["accounts", "url", "user", "certificate",
	"password-file"]);
const { opt, accounts, is, p, shot } = run;
const password = fs.readFileSync(opt["password-file"], "utf8").trim();

async function look(word)
{
	await p.fill("[name=url]", opt.url);
	await p.fill("[name=camera-user]", opt.user);
	await p.fill("[name=camera-password]", word);
	await p.press("Enter");
}

async function wrongPassword()
{
	await p.open("/cameras");
	await p.see("[name=url]");
	const begun = Date.now();
	await look("surely not it");
	await p.see("#why-not", 12000);
	is(/Wrong user or password/.test(await p.text("#why-not")) &&
		Date.now() - begun < 10e3,
	"a wrong password is said within 10 s", await p.text("#why-not"));
	await shot("camera-wrong-password");
}

// The stream's address by ONVIF, the login that stands in the form already.
async function search()
{
	await p.fill("[name=camera-password]", password);
	await p.click("#search summary");
	await p.fill("[name=target]", "127.0.0.2");
	await p.click("[name=search]");
	await p.click("[data-xaddr]");
	await p.see("#device", 12000);
	is(/Maker & Sons M-200 s\/n SN00417/.test(await p.text("#device")),
		"a device of the network says what it is",
		await p.text("#device"));
	await p.fill("[name=url]", "rtsp://wrong/");
	await p.click("#device button");
	is(await p.eval(() => document.querySelector("[name=url]").value) ===
		opt.url, "its stream is taken over");
	await p.press("Enter");
}

async function rightPassword()
{
	await search();
	await p.see("#seen", 12000);
	const seen = await p.text("#seen");
	is(/H\.264/.test(seen) && /320 . 240/.test(seen) &&
		/25 per second/.test(seen) && /Mbit\/s/.test(seen) &&
		/(ahead|behind|exact)/.test(seen) && /Firefox: yes/.test(seen),
	"what the camera is: codec, size, rates, clock, who plays it", seen);
	is(await p.text("#pin") === opt.certificate,
		"A7: the certificate's fingerprint, to be compared by a person",
		await p.text("#pin"));
	await shot("camera-seen");
	await p.click("[name=next]");
	await p.see("[name=device]");
	is(/M-200/.test(await p.eval(() => document.querySelector(
		"[name=device]").value)), "the device's name goes along");
	await p.fill("[name=id]", "atm0417-room");
	await p.fill("[name=camera-name]", "Room");
	await p.fill("[name=atm]", "0417");
	await p.fill("[name=place]", "Abay 12");
	await p.click("[name=add]");
}

async function proof()
{
	const begun = Date.now();
	await p.see("#proof");
	const early = await p.eval(() => document.querySelector(
		"[data-step=readback]").dataset.done);
	is(early === "false", "P9 nothing is called read back before it is");
	await p.until("all six steps", () => {
		const all = [...document.querySelectorAll("#proof li")];
		return all.length === 6 &&
			all.every((li) => li.dataset.done === "true");
	}, null, 90e3);
	is(Date.now() - begun < 90e3, "P9 connected, frames, written, " +
		"encrypted, indexed, read back within 90 s");
	await shot("camera-proof");
}

// WCAG 2.2 AA, as far as axe-core finds out.
async function accessible(what)
{
	const found = await p.violations();

	is(found.length === 0, `${what}: no axe violation`, found.join(" | "));
}

// Where does it look, and where is the keypad?
async function aiming()
{
	await p.click("[name=aim-look]");
	await p.until("a picture", () => {
		const img = document.querySelector("#aiming img");
		return img?.complete && img.naturalWidth === 320 &&
			img.naturalHeight === 240;
	}, null, 20e3);
	is(/^blob:/.test(await p.eval(() => document.querySelector(
		"#aiming img").src)), "the operator sees where the camera looks");
	is(/privacy mask/i.test(await p.text("#aiming details")),
		"it says how to mask the keypad in the camera");
	await p.click("#aiming [value=visible]");
	await p.click("[name=keypad-save]");
	await p.reads("Turn the camera or mask the keypad");
	await accessible("the aiming picture");
	await shot("camera-aim");
	await p.click("#aiming [value=masked]");
	await p.click("[name=keypad-save]");
	await p.reads("The answer was entered.");
	await p.open("/cameras");
	await p.see("[data-aim=atm0417-room]");
	const row = await p.text("tbody");
	is(/until \d\d:\d\d/.test(row) && !/keypad/.test(row),
		"the list says until when one may look, and that all is said",
		row);
	await p.click("[data-aim=atm0417-room]");
	await p.see("#aiming");
	is(await p.eval(() => document.querySelector("#aiming [value=masked]")
		.checked), "and leads to the picture again");
}

// A custodian lets operators look, with password and a code for this act.
async function opening()
{
	await p.open("/cameras");
	await p.see("[data-aim=atm0417-room]");
	is(await p.eval(() => !document.querySelector(
		"[data-camera], [name=url], [name=aim-look]")),
	"P6 a custodian neither switches, adds nor looks");
	await p.click("[data-aim=atm0417-room]");
	await p.fill("[name=aim-reason]", "Turned by the cleaners");
	await p.fill("#opening [name=password]", accounts.custodian.password);
	await p.fill("#opening [name=code]", await newCode(accounts.custodian));
	await accessible("opening one");
	await shot("camera-aim-open");
	await p.click("[name=aim-open]");
	await p.reads("Operators may look now.");
	is(true, "a custodian opens the aiming picture");
	await p.open("/audit");
	await p.reads("let operators look through camera atm0417-room");
	await p.reads("was shown an aiming picture of camera atm0417-room");
	await p.reads("the camera masks the keypad");
	is(true, "P5 looks, answers and the act stand in the ledger");
}

async function switching()
{
	const button = "[data-camera=atm0417-room]";

	await p.open("/cameras");
	for (const word of ["Switch on", "Switch off"]) {
		await p.click(button);
		await p.until(`it says ${word}`, ([s, w]) => document
			.querySelector(s)?.innerText.startsWith(w),
		[button, word]);
	}
	is(true, "the camera is switched off and on");
}

async function languages()
{
	for (const [code, word] of [["kk", "Камера қосу"],
		["ru", "Добавить камеру"], ["en", "Add a camera"]]) {
		await p.click(`.langs [lang=${code}]`);
		await p.reads(word);
		const keys = await p.eval(() => document.body.innerText
			.match(/\b(add|probe|proof|cameras|act|search|aim|keypad|mask)\.[a-z]+/g));
		is(!keys && await p.sideways() <= 0,
			`every word of the page is there in ${code}`, keys);
	}
	const { width, height } = p.page.viewportSize();
	await p.page.setViewportSize({ width: 768, height });
	await sleep(150);
	is(await p.sideways() <= 0, "on a tablet the list of cameras scrolls, " +
		"not the page", await p.sideways());
	await shot("tablet");
	await p.page.setViewportSize({ width, height });
}

await play(run, async () => {
	await p.open("/");
	await p.signIn(accounts.operator);
	await p.click(".langs [lang=en]");
	await wrongPassword();
	await rightPassword();
	await proof();
	await aiming();
	await switching();
	await languages();
	await p.click("#signout");
	await p.signIn(accounts.custodian);
	await opening();
	is(!p.watch.urls.some((u) => u.includes(password)),
		"the password stands in no address");
});
