// audit.mjs - the ledger is verified on the page Audit, in three languages.
//
//   node audit.mjs BASEURL --accounts FILE.json --expect whole|ENTRY
//       [--browser chromium|firefox] [--shots DIR]
import { begin, play, sleep } from "./lib.mjs";

const run = await begin("audit", ["accounts", "expect"]);
const { opt, accounts, is, p, shot, json } = run;
const words = opt.expect === "whole" ? { en: "nothing of it was changed",
	ru: "ничего не изменено", kk: "ештеңе өзгертілмеген" } :
	{ en: `Entry no. ${opt.expect} is not what was entered`,
		ru: `Запись № ${opt.expect} не такова`,
		kk: `${opt.expect}-жазба енгізілген күйінде емес` };

// Another window of the session has brought the verification to its end: the
// next slice that this one asks for is of none (invalid, as the appliance says).
async function goesOn()
{
	const asked = [];

	await p.page.route("**/ledger/verify", (route) => {
		asked.push(route.request().postData());
		return route.continue(asked.length > 1 ? {} :
			{ postData: JSON.stringify({ anew: false }) });
	});
	await p.open("/audit");
	await p.click("[name=verify]");
	await p.reads(words.kk);
	is(asked.length > 1 && p.watch.statuses.some(([s, u]) => s === 422 &&
		u.endsWith("/ledger/verify")),
	"a verification that another window has ended is begun anew", asked);
}

await play(run, async () => {
	await p.open("/");
	await p.signIn(accounts.auditor);
	const before = (await json("/api/v1/status")).ledger;
	for (const [i, [code, text]] of Object.entries(words).entries()) {
		if (i)
			await sleep(10500);	// between two of a session
		await p.click(`.langs [lang=${code}]`);
		await p.until("the language", (l) =>
			document.documentElement.lang === l, code);
		await p.open("/audit");
		await p.see("[name=verify]");
		await p.page.focus("[name=verify]");
		await p.press("Enter");
		await p.reads(text);
		const said = await p.text("#verified");
		is(!/\{|audit\./.test(said), `it is said in words (${code})`, said);
		const wrong = await p.violations();
		is(wrong.length === 0 && await p.sideways() <= 0,
			`no violation of WCAG 2.2 AA (${code})`, wrong.join(" | "));
		await shot(`${opt.expect}-${code}`);
	}
	if (opt.expect !== "whole")
		return;
	const { checkpoint } = (await json("/api/v1/status")).ledger;
	const { checkpoint_size: shown } = await json("/api/v1/ledger?first=0&count=1");
	is(checkpoint >= before.size && shown >= before.size,
		"what was signed since the session began is told",
		[before.size, checkpoint, shown].join());
	await sleep(10500);
	await goesOn();
});
