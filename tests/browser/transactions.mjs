// transactions.mjs - a withdrawal is found, asked for, approved and watched at
// the right second; the clock of its ATM's journal is measured by pictures.
//
//   node transactions.mjs BASEURL --accounts FILE.json --behind SECONDS
//       [--shots DIR]
//
// The journal of ATM 0417 has five withdrawals of the card ...4821, the last of
// 50 000, one above the threshold and three just under it; another card was
// there and at ATM 0533. The journal's clock is that much behind the video's,
// which paints its own (tests/camera).
import { begin, newCode, play, sleep } from "./lib.mjs";
import { ahead, readPicture, secondsOf } from "./picture.mjs";

const run = await begin("transactions", ["accounts", "behind"]);
const { opt, accounts, is, json, p, shot } = run;
const behind = Number(opt.behind);
// A camera that is starved of the machine's time sends fewer pictures: what is
// shown may be so far from what was asked for, what is measured likewise (s).
const SHOWN = 0.7, PAINTED = 1;
let request = "", taken = [];

// What stands in the box and in the row is the site's time.
const siteTime = (text) => text.slice(11, 19);

async function finds()
{
	await p.open("/");
	await p.signIn(accounts.auditor);
	const { transactions } = await json(
		"/api/v1/transactions?atm=0417&last4=4821");
	const [last] = transactions;

	taken = transactions.map((x) => Date.parse(x.at) / 1e3).reverse();
	await p.open("/find");
	await p.fill("[name=box]", `0417 ${last.at.slice(8, 10)}.` +
		`${last.at.slice(5, 7)} ${siteTime(last.at).slice(0, 5)} 50000`);
	await p.press("Enter");
	await p.see("tr[data-transaction]");
	const row = await p.text("tr[data-transaction]");
	is(row.includes("journal " + siteTime(last.at)) &&
		row.includes("\u00b160\u00a0s") && /not compared/.test(row),
	"a journal that nobody compared is said to be a minute off at most", row);
	is(Date.parse(last.from) === Date.parse(last.time) - 180e3,
		"and is asked for two minutes and that minute before", last.from);
}

async function box()
{
	await p.fill("[name=box]", "...4821");
	await p.press("Enter");
	await p.until("five operations of the card", () =>
		document.querySelectorAll("tr[data-transaction]").length === 5);
	is(true, "...4821 in the one box finds the card's operations");
	for (const [button, text] of [["Large sums", "600,000"],
		["Large sums without a passed identity check", "600,000"],
		["One card at several ATMs within an hour", "0007"],
		["Often just under the threshold", "1,380,000"]]) {
		await p.eval((b) => [...document.querySelectorAll(
			"#transactions [role=group] button")].find((x) =>
			x.innerText === b).click(), button);
		await p.until(button, (x) => document.querySelector(
			"#transactions [aria-live]").innerText.includes(x), text);
		is(true, `the list "${button}" answers`);
	}
	const card = await p.text("#transactions table");
	is(/440012\u20264821/.test(card) && /0417/.test(card),
		"repeated use is told by BIN, last four, count and ATM", card);
	await p.until("its coverage", () => /complete|with gaps|no footage/.test(
		document.querySelector("#transactions table").innerText));
	is(true, "with what is recorded of it");
	await p.eval(() => document.querySelector(
		"#transactions table button").click());
	await p.until("its operations", () =>
		document.querySelectorAll("tr[data-transaction]").length === 5);
	is(/complete|with gaps/.test(await p.text("tr[data-transaction]")),
		"and leads to its operations, each with its coverage");
	is(!p.watch.urls.some((u) => u.includes("/media/")),
		"none of this fetches footage");
}

// What was found, and which cameras the request may have.
const asked = () => p.eval(() => ({
	words: document.querySelector("[name=box]").value,
	rows: document.querySelectorAll("tr[data-transaction]").length,
	cameras: [...document.querySelectorAll(
		"#ask fieldset input[type=checkbox]")].map(
		(x) => x.value + x.checked).join(),
	shown: document.querySelectorAll(".strip [role=slider]").length,
	focus: document.activeElement.name }));

async function asks()
{
	await p.eval(() => [...document.querySelectorAll(
		"tr[data-transaction]")].find((r) => /50.000/.test(r.innerText))
		.querySelector("button").click());
	await p.until("the request is filled in", () => document.querySelector(
		"#ask input[type=checkbox]:checked"));
	const now = JSON.stringify(await asked());
	is(now === JSON.stringify({ words: "...4821", rows: 5,
		cameras: "cam-1true", shown: 1, focus: "reason" }), "what was " +
		"found stays, and the cameras of that ATM alone are offered", now);
	await p.open(await p.eval(() => location.pathname + location.search));
	await p.until("the operations", () =>
		document.querySelectorAll("tr[data-transaction]").length === 5);
	const { words, cameras } = await asked();
	is(words === "...4821" && cameras === "cam-1true",
		"and its address says the same", words + cameras);
	await p.fill("#ask [name=reason]", "The client says no cash came out.");
	await p.fill("#ask [name=case]", "K-7");
	await p.click("#ask button[type=submit]");
	request = await p.until("a request number", () =>
		/^\/requests\/(REQ-[0-9-]+)$/.exec(location.pathname)?.[1]);
	await p.open("/find");
	await p.fill("[name=box]", request.toLowerCase());
	await p.press("Enter");
	await p.until("the request", (id) => location.pathname ===
		"/requests/" + id, request);
	is(true, "its number in the one box opens the request");
	await p.signOut();
}

async function approves()
{
	await p.signIn(accounts.custodian);
	await p.open("/requests/" + request);
	await p.see("#decide");
	await p.fill("#decide [name=password]", accounts.custodian.password);
	await p.fill("#decide [name=code]", await newCode(accounts.custodian));
	await p.click("#decide button[value=approve]");
	await p.until("approved", () => !document.querySelector("#decide") &&
		/approved this/.test(document.body.innerText), null, 30000);
	await p.signOut();
}

// The painted clock of the picture, when the shown one is at `seconds`.
async function paintedAt(seconds)
{
	for (const end = Date.now() + 15000; Date.now() < end; await sleep(60)) {
		const r = await p.eval(readPicture);

		if (!r || r.hidden || Math.abs(secondsOf(r.shown) - seconds) > SHOWN)
			continue;
		await sleep(150);
		const now = await p.eval(readPicture);
		if (now)
			return seconds + ahead(now.clock, seconds);
	}
	throw new Error(`no picture of ${seconds}: ` +
		JSON.stringify(await p.eval(readPicture)));
}

async function opens()
{
	await p.open("/watch/" + request);
	await p.until("the operations", () => document.querySelectorAll(
		"[data-operation]").length === 5);
	await p.until("a picture", () => document.querySelector(
		".screen.main video")?.readyState > 1);
}

// How far behind, and the half second that a journal leaves open at least.
const nearly = new RegExp(`\\+(${behind - 1}\\.[5-9]|${behind}(\\.[0-5])?)\\ss, ` +
	"\u00b1(0\\.[5-9]|1)\\ss");
const current = () => p.text("#operations [aria-current]");

async function measures()
{
	await opens();
	for (const at of taken.slice(0, 3)) {
		await p.press("t");
		const painted = await paintedAt(at);
		is(Math.abs(painted - at) < PAINTED,
			"T goes to the journal's second of the next operation",
			painted - at);
		for (let i = 0; i < behind; i++)
			await p.press("ArrowRight");
		await paintedAt(at + behind);
		await p.click("#align-here");
	}
	await shot("measured");
	const said = await p.text("#operations [role=status]");
	is(said.includes("3 samples: ") && nearly.test(said),
		"the pictures say how far the journal is behind", said);
	await p.click("#align-save");
	await p.reads("Saved:");
	const line = await current();
	is(nearly.test(line),
		"each operation shows both clocks", line);
	await shot("saved");
}

async function watches()
{
	const right = taken[4] + behind;

	await opens();
	for (let i = 0; i < 5; i++) {
		await p.press("t");
		await paintedAt(taken[i] + behind);
	}
	const painted = await paintedAt(right);
	is(Math.abs(painted - right) < PAINTED,
		"T goes to the second in which the cash is taken", painted - right);
	is(/50.000/.test(await current()), "the operation is marked",
		await current());
	await p.press("t");
	await p.until("said", () => document.getElementById("said").textContent
		.includes("No later transaction"));
	is(true, "behind the last operation T says that there is none");
	await shot("watched");
	await p.open("/find?q=" + encodeURIComponent("...4821"));
	await p.see("tr[data-transaction]");
	const row = await p.text("tr[data-transaction]");
	is(/journal [\d:]{8} \u2192 video [\d:]{8} \(/.test(row) &&
		nearly.test(row), "and so does the list that is found", row);
	await shot("found");
}

await play(run, async () => {
	await finds();
	await box();
	await asks();
	await approves();
	await p.signIn(accounts.auditor);
	await measures();
	await watches();
});
