// flow.mjs - the main job in a real browser against a running appliance.
//
//   node flow.mjs BASEURL --accounts FILE.json [--browser chromium|firefox]
//       [--camera ID] [--shots DIR]
//
// FILE.json: {"auditor": {"user", "password"}, "custodian": {...},
// "operator": {...}}; the camera must paint its clock (tests/camera). Where
// the last ten minutes hold a gap between footage, playing across it is tried
// too. Prints "ok - sentence" or "not ok - sentence"; exit 1 on any failure.
import { begin, newCode, play, sleep, typed } from "./lib.mjs";
import { pages } from "./pages.mjs";
import { together } from "./together.mjs";
import { watched } from "./watched.mjs";

const RANGE = 50e3;		// ms asked for
const run = await begin("flow", ["accounts", "camera?", "far-size?"]);
const { opt, base, accounts, is, json, p, shot } = run;
const iso = (ms) => new Date(ms).toISOString().replace(/\.\d+Z/, "Z");

async function strangerIsStopped()
{
	await p.open("/watch/REQ-2026-00001");
	await p.see("[name=user]");
	is(true, "a shared link asks a stranger to sign in");
	await shot("signin");
	await p.fill("[name=user]", accounts.auditor.user);
	await p.fill("[name=password]", "surely not the password");
	await p.press("Enter");
	await p.reads("Wrong user or password");
	is(await p.eval(() => document.querySelector("[name=password]")
		.value === ""), "a wrong password is said and forgotten");
	await p.open("/");
	await p.see("[name=user]");
}

// A camera and a range: round a gap between footage where there is one.
async function choose()
{
	const { cameras } = await json("/api/v1/cameras");
	const fit = cameras.filter((c) => c.last_sealed &&
		(!opt.camera || c.id === opt.camera));

	for (const c of fit) {
		const to = Date.parse(c.last_sealed) - 1e3;
		const q = new URLSearchParams({ camera: c.id,
			from: iso(to - 6e5), to: iso(to) });
		const { cameras: [row] } = await json("/api/v1/coverage?" + q);
		const spans = row.spans.map((s) => ({ ...s,
			from: Date.parse(s.from), to: Date.parse(s.to) }));
		const gap = spans.find((s, i) => s.kind === "gap" &&
			spans[i - 1]?.kind === "recorded" &&
			spans[i + 1]?.kind === "recorded" &&
			s.to - s.from < 120e3 && s.to - s.from > 2e3);
		if (gap)
			return { camera: c.id, gap,
				from: round(Math.max(gap.from - 25e3,
					before(spans, gap).from + 1e3)),
				to: round(Math.min(gap.to + 45e3, to)) };
	}
	const c = fit[0];
	const to = Date.parse(c.last_sealed) - 1e3;
	const from = Math.max(to - RANGE, Date.parse(c.recorded_from) + 1e3);
	return { camera: c.id, gap: null, from: round(from + 999),
		to: round(to) };
}

const before = (spans, gap) => spans[spans.indexOf(gap) - 1];
const round = (ms) => Math.floor(ms / 1e3) * 1e3;

async function fillMoment(n, ms, form = "main form")
{
	const [date, time] = typed(ms, site);
	const of = `${form} .moment:nth-of-type(${n}) `;

	await p.fill(of + ".field:nth-child(1) input", date);
	await p.fill(of + ".field:nth-child(2) input", time);
}

async function auditorAsks()
{
	await p.signIn(accounts.auditor);
	is(true, "the auditor signs in");
	await p.see("nav [href='/find']");
	await shot("home");
	await p.click("nav [href='/find']");
	await p.see("main [role=slider]");
	job = await choose();
	await findsWithdrawal();
	job.others = (await json("/api/v1/cameras")).cameras.map((c) => c.id)
		.filter((id) => id !== job.camera);
	await p.eval((id) => {
		const s = document.querySelector("select[name=camera]");
		s.value = id;
	}, job.camera);
	await fillMoment(1, job.from);
	await fillMoment(2, job.to);
	await p.press("Enter");
	await p.until("the address holds camera and time", (id) =>
		location.search.includes("camera=" + id), job.camera);
	await sleep(300);
	is((await p.eval(() => document.querySelectorAll(
		".span.recorded").length)) > 0,
	"the coverage shows what was recorded");
	if (job.gap)
		is(await p.eval(() => document.querySelectorAll(
			".span.gap").length > 0 && /gap/.test(
			document.querySelector("main").innerText)),
		"the coverage names the gap");
	is(!p.watch.urls.some((u) => u.includes("/media/")),
		"finding fetches no footage");
	await shot("find");
	await askFor();
}

// One box: ATM, day, time, amount; then the request is filled in. Test 50 has
// put one withdrawal of 50 000 among others.
async function findsWithdrawal()
{
	const { transactions: [w] } = await json("/api/v1/transactions?" +
		"amount=50000&reference=WITHDRAWAL-1");
	const [date, time] = typed(Date.parse(w.time), site);

	await p.fill("[name=box]", `0417 ${date.slice(0, 5)} ` +
		`${time.slice(0, 5)} 50000`);
	await p.press("Enter");
	await p.see("tr[data-transaction]");
	const row = await p.eval(() =>
		document.querySelector("tr[data-transaction]").innerText);
	is(row.includes(time) && /50.000/.test(row) && /4821/.test(row) &&
		/complete|with gaps/.test(row),
	"the withdrawal is found by ATM, day, time and amount", row);
	await shot("transaction");
	await p.click("tr[data-transaction] button");
	await p.until("the request is filled in", () =>
		document.querySelector("#ask input[type=checkbox]:checked") &&
		document.activeElement?.name === "reason");
	const filled = await p.eval(() => [...document.querySelectorAll(
		"#ask .moment input")].map((i) => i.value));
	// three minutes after it may not have come yet
	// two minutes before, and one for a clock that nobody compared
	is(filled.slice(0, 2).join() === typed(Date.parse(w.time) - 180e3, site)
		.join() && filled.length === 4,
	"two minutes before to three after are asked for, and a minute for " +
		"the journal's clock", filled);
	is(!p.watch.urls.some((u) => u.includes("/media/")),
		"finding a withdrawal fetches no footage");
	await p.open("/find");
	await p.see("main [role=slider]");
}

async function askFor()
{
	await fillMoment(1, job.from, "#ask");
	await fillMoment(2, job.to, "#ask");
	await p.fill("#ask [name=reason]", "Client says no cash came out.");
	await p.click("#ask button[type=submit]");
	await p.reads("A case number is needed.");
	is(await p.eval(() => document.activeElement.name === "case" &&
		document.querySelector("#ask [name=reason]").value !== ""),
	"without a case number the field is named and focused, nothing is lost");
	await p.fill("#ask [name=case]", "K-114");
	await draft();
	await p.click("#ask [name=export]");
	for (const id of job.others)
		await p.click(`#ask input[value="${id}"]`);
	await p.click("#ask button[type=submit]");
	job.id = await p.until("a request number", () =>
		/^\/requests\/(REQ-[0-9-]+)$/.exec(location.pathname)?.[1]);
	is(true, "the request gets a number");
	await shot("requested");
	await p.open("/watch/" + job.id);
	await p.reads("has not been decided yet");
	is(!p.watch.urls.some((u) => u.includes("/media/")),
		"before the decision no footage is fetched");
	await shot("needed");
	const r = await p.fetch(`/api/v1/requests/${job.id}/play`);
	is(r.status === 403, "P6 playing before the decision is refused: 403",
		r.status);
	await changedMeanwhile();
	await p.signOut();
}

async function custodianDecides()
{
	await p.signIn(accounts.custodian);
	await p.reads("Waiting for your decision");
	await isEntered();
	await ownRequest();
	await p.open("/requests/" + job.id);
	await p.see("#decide");
	await p.reads("Client says no cash came out.");
	await p.click("#decide button[value=refuse]");
	await p.reads("Please say why you refuse or shorten.");
	is(await p.eval(() => !document.querySelector("[name=end-reason]")),
		"who decides is offered no other end of an undecided request");
	is(true, "refusing without a reason is not possible");
	await p.fill("#decide [name=password]", "surely not the password");
	await p.fill("#decide [name=code]", "000000");
	await p.click("#decide button[value=approve]");
	await p.reads("Wrong password");
	is(true, "a decision with a wrong password is refused");
	await p.fill("#decide [name=password]", accounts.custodian.password);
	await p.fill("#decide [name=code]", "000000");
	await p.click("#decide button[value=approve]");
	await p.reads("A new code of your second factor is needed");
	is(true, "and one without a fresh second factor");
	await shot("decide");
	await p.fill("#decide [name=password]", accounts.custodian.password);
	await p.fill("#decide [name=code]", await newCode(accounts.custodian));
	await p.click("#decide button[value=approve]");
	await p.until("approved", () => !document.querySelector("#decide") &&
		/approved this/.test(document.body.innerText), null, 30000);
	is(true, "the custodian approves with his password for this one act");
	await shot("decided");
	await p.open("/watch/" + job.id);
	await p.reads("You need an approved request");
	is(true, "P6 who approved does not watch: the grant is the requester's");
	await p.signOut();
}

async function ownRequest()
{
	const body = { cameras: [job.camera], reason: "own", case: "K-0",
		from: iso(job.from), to: iso(job.to) };
	const made = await post("/api/v1/requests", body);
	const { id } = JSON.parse(made.text);

	await p.open("/requests/" + id);
	await p.reads(id);
	is(!await p.eval(() => document.querySelector("#decide")),
		"his own request has no decision form");
	const { case: _, ...range } = body;
	const r = await post(`/api/v1/requests/${id}/decision`, { ...range,
		verdict: "approve", password: accounts.custodian.password });
	is(r.status === 403 && /self-approval/.test(r.text),
		"P6 approving one's own request by hand is refused: 403",
		r.status + r.text);
	await p.until("the form to close it", () =>
		document.querySelector("main details") !== null);
	await post(`/api/v1/requests/${id}/revoke`, { reason: "a test" });
}

const post = (url, body) => p.fetch(url, { method: "POST",
	headers: { "Content-Type": "application/json" },
	body: JSON.stringify(body) });

// What was typed is kept by the appliance, for its writer, and gone on with.
async function draft()
{
	const stands = () => p.eval(() => [...document.querySelectorAll(
		"#ask textarea, #ask input")].map((i) => i.type === "checkbox" ?
		i.checked : i.value).join("|"));
	const before = await stands();

	await p.click("#ask button[value=draft]");
	await p.reads("kept for you alone");
	const listedTo = (await json("/api/v1/drafts")).drafts[0].to;
	await p.open("/requests");
	await p.see("#drafts a");
	const listed = await p.text("#drafts");
	is(listed.includes("Client says no cash") && listed.includes("K-114"),
		"a draft waits under Requests", listed);
	is((await p.violations()).length === 0,
		"no violation of WCAG 2.2 AA: drafts");
	await shot("drafts");
	await p.click("#drafts a");
	await p.see("#ask button[type=submit]");
	is(await stands() === before, "and is gone on with as it was",
		`${before} ${await stands()}`);
	await fillMoment(2, job.from + 360e3, "#ask");
	is(await p.eval(() => document.querySelector("#ask [name=longer]")
		.offsetParent !== null),
	"more than five minutes want their reason in a draft, too");
	await p.fill("#ask .moment:nth-of-type(2) .field:nth-child(1) input",
		"31.02.2026");
	await p.click("#ask button[value=draft]");
	await p.reads("A date such as 22.11.2026");
	is((await json("/api/v1/drafts")).drafts[0].to === listedTo,
		"what is no date is said, and not left out of the draft");
	await fillMoment(2, job.to, "#ask");
	// in another window of his it is saved meanwhile
	const [d] = (await json("/api/v1/drafts")).drafts;
	await post(`/api/v1/drafts/${d.id}`, { reason: "Of another window" });
	await p.click("#ask button[value=draft]");
	await p.reads("saved in another window");
	is(await stands() === before, "what another window saved is said, and " +
		"what is typed here stays");
	await p.click("#ask button[value=draft]");
	await p.until("it is saved", async () => (await (await fetch(
		"/api/v1/drafts")).json()).drafts[0].case === "K-114");
}

// Two windows of one person: what one closed the other does not close again.
async function changedMeanwhile()
{
	const made = await post("/api/v1/requests", { cameras: [job.camera],
		from: iso(job.from), to: iso(job.to), reason: "Asked twice",
		case: "K-115" });
	const { id } = JSON.parse(made.text);

	is((await json("/api/v1/drafts")).drafts.length === 0,
		"a draft that was sent is none any more");
	await p.open("/requests/" + id);
	await p.click("main details summary");
	await p.fill("[name=end-reason]", "It is here twice");
	await post(`/api/v1/requests/${id}/revoke`,
		{ reason: "It was closed elsewhere" });
	await p.click("main details button[type=submit]");
	await p.see("#changed");
	is(await p.eval(() => document.activeElement.id === "changed" &&
		/as it is now/.test(document.activeElement.innerText) &&
		!document.querySelector("[name=end-reason]")),
	"what was changed meanwhile is fetched anew, and said with what to do",
	await p.text("main"));
	await shot("changed");
}

async function ends()
{
	await p.open("/watch/" + job.id);
	const part = job.play.cameras[0].runs[0].parts[0];
	const url = `/media/${job.id}/${job.camera}/${part.seq}/init`;
	await p.see(".clock");
	await p.signOut();
	const r = await p.fetch(url);
	is(r.status === 401, "after signing out the same bytes are refused: " +
		"401", r.status);
}

// Scenario 5: he is told what is needed, and that he tried is entered.
async function operatorIsStopped()
{
	await p.signIn(accounts.operator);
	is(!await p.eval(() => document.querySelector("nav [href='/find'], " +
		"nav [href='/requests']")),
	"P6 the operator is not offered footage");
	const had = p.watch.urls.length;
	await p.open("/watch/" + job.id);
	await p.reads("You need an approved request");
	is(/Operators make no requests/.test(await p.text("main")) &&
		!p.watch.urls.slice(had).some((u) => u.includes("/media/")),
	"an operator who opens a watch link is told what is needed, and " +
		"fetches no byte of video");
	await shot("operator");
	await p.signOut();
}

// Of a grant that its requester has at that moment.
async function operatorGetsNothing()
{
	await p.signIn(accounts.operator);
	const o = await p.fetch(`/media/${job.id}/${job.camera}/1/init`);
	is(o.status === 403, "P6 the operator gets no footage: 403",
		o.status);
	await p.signOut();
}

async function isEntered()
{
	await p.open("/audit");
	await p.until("the entry", (id) => document.querySelector("main")
		.innerText.includes(`Oleg Kim was refused (${id})`), job.id);
	is(true, "P5 that an operator opened a watch link is entered, with " +
		"his name");
}

function answers()
{
	const broken = p.watch.statuses.filter(([s]) => s >= 500);

	is(broken.length === 0, "no answer of 500 or above", broken[0]);
	is(!p.watch.urls.some((u) => /favicon\.ico/.test(u)) ||
		!p.watch.statuses.some(([s, u]) => s === 404 &&
			u.includes("/api/")), "nothing asked for is missing");
}

let job = {}, site = {};
await play(run, async () => {
	await strangerIsStopped();
	site = await json("/api/v1/site");
	await auditorAsks();
	await operatorIsStopped();
	await custodianDecides();
	await operatorGetsNothing();
	await watched({ p, is, shot, job, iso, json, base,
		auditor: accounts.auditor, size: opt["far-size"] });
	await together({ p, is, shot, dir: opt.shots, job, iso,
		auditor: accounts.auditor,
		play: opt.browser === "chromium" ? 30e3 : 5e3 });
	await pages({ p, is, shot, job, iso, json, site,
		langs: opt.browser === "chromium" ? ["kk", "ru", "en"] :
			["en"] });
	await ends();
	answers();
});
