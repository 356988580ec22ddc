// verify.mjs PAGE BROWSER PACKAGE [POLICY] - open a package's verify.html from
// the disk, without any network, and print what it says as JSON.
import { launch } from "./lib.mjs";

const [file, name, ...chosen] = process.argv.slice(2);
const person = await launch(name, "file://" + file);
const { page } = person;

async function choose(selector, path)
{
	if (name === "firefox")
		await (await page.$(selector)).uploadFile(path);
	else
		await page.setInputFiles(selector, path);
}

try {
	await person.open("");
	await choose("#verify-package", chosen[0]);
	if (chosen[1])
		await choose("#verify-policy", chosen[1]);
	const asks = [];
	for (const lang of ["kk", "ru", "en"])
		asks.push(await page.evaluate((l) => {
			document.querySelector(`nav [lang=${l}]`).click();
			return document.querySelector(
				"[for=verify-package]").innerText;
		}, lang));
	// the keyboard comes to what is out of sight, and its label shows it
	await page.focus("#verify-package");
	const outlined = await page.evaluate(() => getComputedStyle(
		document.querySelector("#verify-package + label .button"))
		.outlineStyle);
	await page.evaluate(() =>
		document.querySelector("form.verify button").click());
	await page.waitForSelector(".verdict", { timeout: 60000 });
	const told = await page.evaluate(() => ({
		status: Number(document.querySelector(".verdict")
			.dataset.status),
		claims: [...document.querySelectorAll("tr[data-claim]")]
			.map((r) => r.dataset.answer),
		findings: [...document.querySelectorAll(".findings li")]
			.map((l) => [l.dataset.code, l.dataset.file,
				Number(l.dataset.ms), l.textContent]),
		says: [...document.querySelectorAll("tr[data-claim]")]
			.map((r) => r.textContent),
		fingerprint: document.querySelector(".hash").textContent,
		heading: document.querySelector(".verdict h2").textContent,
	}));
	Object.assign(told, { asks, outlined });
	told.errors = person.watch.errors;
	told.foreign = person.watch.urls.filter((u) => !/^(file|data):/.test(u));
	console.log(JSON.stringify(told));
} finally {
	await person.driver.close();
}
