// keys.mjs - from the sign-in to the package without a mouse (rules 10 and 11,
// scenario 13): only keys are pressed here, nothing is clicked or focused.
//
//   node keys.mjs BASEURL --accounts FILE.json [--request REQ]
//       [--browser chromium|firefox] [--shots DIR]
//
// With a request that is approved only its footage is watched.
import { begin, newCode, play, sleep } from "./lib.mjs";
import { ahead, nextPicture, readPicture, secondsOf, stillPicture } from
	"./picture.mjs";

const STEPS = 8, TABS = 150;
const run = await begin("keys", ["accounts", "request?"]);
const { opt, accounts, is, json, p, shot } = run;
const type = (text) => p.page.keyboard.type(text);

// Press Tab until what is meant has the focus; it must then be seen. Both are
// asked at once, for a page that is still being made may take the focus away.
async function tabTo(selector, way = "Tab")
{
	for (let i = 0; i < TABS; i++) {
		const seen = await p.eval((s) => {
			const e = document.activeElement;

			return e?.matches(s) ? e.matches(":focus-visible") &&
				getComputedStyle(e).outlineStyle !== "none" : null;
		}, selector);
		if (seen === null) {
			await p.press(way);
			continue;
		}
		if (!seen)
			is(false, "the focus can be seen", selector);
		return;
	}
	throw new Error(`no Tab leads to ${selector}`);
}

async function enter(selector, way = "Tab")
{
	await tabTo(selector, way);
	await p.press("Enter");
}

async function signIn(account)
{
	await p.see("[name=user]");
	await tabTo("[name=user]");
	await type(account.user);
	await tabTo("[name=password]");
	await type(account.password);
	await tabTo("[name=code]");
	if (account.factor)
		await type(await newCode(account));
	await p.press("Enter");
	await p.see("#signout");
}

async function signOut()
{
	await tabTo("#signout", "Shift+Tab");
	await p.press("Enter");
	await p.see("[name=user]");
}

// The time of the withdrawal as a person types it, from the appliance's text.
async function asTyped()
{
	const { transactions: [w] } = await json("/api/v1/transactions?" +
		"amount=50000&reference=WITHDRAWAL-1");
	const [, y, m, d, clock] =
		/^(\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d)/.exec(w.time);

	return `0417 ${d}.${m}.${y} ${clock} 50000`;
}

async function findsAndAsks()
{
	await signIn(accounts.auditor);
	const words = await asTyped();
	await enter("nav [href='/find']");
	await p.see("[name=box]");
	await tabTo("[name=box]");
	await type(words);
	await p.press("Enter");
	await p.see("tr[data-transaction]");
	await enter("tr[data-transaction] button");
	await p.until("the request is filled in", () =>
		document.activeElement?.name === "reason");
	is(true, "a transaction found by keys fills the request in");
	await type("Client says no cash came out.");
	await tabTo("#ask [name=case]", "Shift+Tab");
	await type("K-115");
	await tabTo("#ask [name=export]");
	await p.press("Space");
	await enter("#ask button[type=submit]");
	const id = await p.until("a request number", () =>
		/^\/requests\/(REQ-[0-9-]+)$/.exec(location.pathname)?.[1]);
	is(true, "the request is sent by keys");
	await signOut();
	return id;
}

async function approves(id)
{
	await signIn(accounts.custodian);
	await enter("nav [href='/requests']");
	await p.see(`[href='/requests/${id}']`);
	await enter(`[href='/requests/${id}']`);
	await p.see("#decide");
	await tabTo("#decide [name=password]");
	await type(accounts.custodian.password);
	await tabTo("#decide [name=code]");
	await type(await newCode(accounts.custodian));
	await enter("#decide button[value=approve]");
	await p.until("approved", () => !document.querySelector("#decide") &&
		/approved this/.test(document.body.innerText), null, 30000);
	is(true, "the custodian approves by keys");
	await signOut();
}

async function steps()
{
	const seen = [await stillPicture(p)];

	for (const key of [...".".repeat(STEPS), ...",".repeat(STEPS)]) {
		await p.press(key);
		seen.push(await nextPicture(p, seen.at(-1)));
	}
	const moved = seen.slice(1).map((r, i) => r.frame - seen[i].frame);
	is(moved.every((d, i) => d === (i < STEPS ? 1 : -1)),
		`${STEPS} steps on and ${STEPS} back move by exactly one picture ` +
		"each", moved.join(" "));
}

// The next operations of the journal, until one is where the camera recorded.
async function nextTransaction()
{
	for (let i = 0; i < 5; i++) {
		await p.press("t");
		await sleep(400);
		const r = await p.eval(readPicture);
		if (r && !r.hidden)
			break;
	}
	const r = await stillPicture(p);
	const line = await p.text("#operations [aria-current]");
	// the picture that stands there may have begun a little earlier
	const said = secondsOf(r.shown.replace(/[\d:]{8}\.\d{3}/,
		line.slice(0, 8) + ".000"));
	is(Math.abs(secondsOf(r.shown) - said) < 0.1 &&
		Math.abs(ahead(r.clock, said)) < 0.1, "T goes to the second of " +
		"the next transaction", `${line} ${JSON.stringify(r)}`);
}

async function plays()
{
	// back from the transaction, behind which a gap may be near
	for (let i = 0; i < 4; i++) {
		await p.press("ArrowLeft");
		await sleep(300);
	}
	const before = secondsOf((await stillPicture(p)).shown);

	await p.press("Space");
	for (let i = 0; i < 40; i++) {	// a browser may be slow to begin
		await sleep(250);
		const r = await p.eval(readPicture);
		if (r && secondsOf(r.shown) - before > 1.2)
			break;
	}
	await p.press("Space");
	const after = secondsOf((await stillPicture(p)).shown);
	is(after - before > 1 && after - before < 5, "Space plays and pauses",
		after - before);
	await p.press("ArrowLeft");
	await sleep(300);
	const back = secondsOf((await stillPicture(p)).shown);
	is(Math.abs(after - back - 1) < 0.3, "an arrow goes a second",
		after - back);
}

async function marksAndNotes()
{
	await p.press("[");
	await p.press("ArrowRight");
	await sleep(300);
	await p.press("ArrowRight");
	await sleep(300);
	await p.press("]");
	await p.see("#part-export");
	await p.press("n");
	await p.until("the note's field", () =>
		document.activeElement?.name === "note");
	await type("Card inserted");
	await p.press("Enter");
	await p.reads("The note is in the ledger.");
	const had = await p.eval(() => document.querySelectorAll(
		"#notes code").length);
	await p.press("s");
	await p.until("the snapshot's hash", (n) => document.querySelectorAll(
		"#notes code").length > n, had);
	is(/Card inserted/.test(await p.text("#notes")),
		"marks, a note and a snapshot are made by keys");
}

// Backwards to the navigation: past the page's end a Firefox that is driven
// leaves the page, and shows no focus from then on.
async function watches(id)
{
	await signIn(accounts.auditor);
	await enter("nav [href='/requests']", "Shift+Tab");
	await p.see(`[href='/requests/${id}']`);
	await enter(`[href='/requests/${id}']`);
	await p.see(`a[href='/watch/${id}']`);
	await enter(`a[href='/watch/${id}']`);
	await p.see(".clock");
	// the other cameras may have begun before this one
	for (let i = 0; i < 20; i++) {
		await p.press("ArrowRight");
		await sleep(250);
		if (i >= 2 && await p.eval(() => !document.querySelector(
			".screen.main").classList.contains("empty")))
			break;
	}
	await steps();
	await nextTransaction();
	await plays();
	await marksAndNotes();
	await shot("watch");
}

async function exports()
{
	await enter("#part-export");
	await p.see("#part [name=code]");
	await tabTo("#part [name=password]");
	await type(accounts.auditor.password);
	await tabTo("#part [name=code]");
	await type(await newCode(accounts.auditor));
	await shot("export");
	await enter("#part form button[type=submit]");
	await p.until("the page of exports", () =>
		location.pathname === "/exports");
	await p.until("a package that is ready", () =>
		document.querySelector(".export[data-state=ready]"), null, 60000);
	await tabTo(".export[data-state=ready] a[download]");
	is(true, "the marked part is a package, and its download has the focus");
}

await play(run, async () => {
	await p.open("/");
	const id = opt.request ?? await findsAndAsks();
	if (!opt.request)
		await approves(id);
	await watches(id);
	if (!opt.request)
		await exports();
});
