// take.mjs - pictures of README and guides (tests/pictures calls it).
//
//   node take.mjs BASEURL --accounts FILE.json --request REQ
import { begin, sleep } from "./lib.mjs";

const { opt, accounts, p, json } = await begin("take", ["accounts", "request"]);
const { request } = opt;

// Each page in the three languages.
async function take(pages)
{
	for (const lang of ["kk", "ru", "en"]) {
		await p.open("/about");
		await p.click(`.langs [lang=${lang}]`);
		await p.until("the language", (l) =>
			document.documentElement.lang === l, lang);
		for (const [name, address] of Object.entries(pages)) {
			await p.open(address);
			await p.see("main h1");
			await sleep(3000);
			await p.shot(new URL(`pictures/${name}-${lang}.png`,
				import.meta.url).pathname);
		}
	}
}

try {
	await p.open("/");
	await p.signIn(accounts.auditor);
	const play = await json(`/api/v1/requests/${request}/play`);
	const { camera, gaps: [gap] } = play.cameras.find((c) =>
		c.gaps.length);
	const at = new Date(Date.parse(gap.from) + 2000).toISOString();
	const pages = {
		watch: `/watch/${request}?` + new URLSearchParams({ t: at }),
		find: "/find?" + new URLSearchParams({ camera,
			from: play.from, to: play.to }),
		audit: "/audit?what=footage",
		coverage: "/coverage",
	};

	await take(pages);
	await p.signOut();
	await p.signIn(accounts.operator);
	await take({ health: "/health", cameras: "/cameras" });
} finally {
	await p.close();
}
