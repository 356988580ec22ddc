// age in JavaScript (npm age-encryption), on standard input and output.
//
//   age.mjs encrypt [-p PASSPHRASE LOG_N] [RECIPIENT...]
//   age.mjs decrypt IDENTITY
import { Decrypter, Encrypter } from "age-encryption";

const [verb, ...words] = process.argv.slice(2);
const pieces = [];
for await (const piece of process.stdin) pieces.push(piece);
const input = new Uint8Array(Buffer.concat(pieces));

async function encrypt() {
	const e = new Encrypter();
	if (words[0] === "-p") {
		e.setPassphrase(words[1]);
		e.setScryptWorkFactor(Number(words[2]));
	} else {
		for (const to of words) e.addRecipient(to);
	}
	return e.encrypt(input);
}

async function decrypt() {
	const d = new Decrypter();
	d.addIdentity(words[0]);
	return d.decrypt(input);
}

const output = await (verb === "encrypt" ? encrypt() : decrypt());
process.stdout.write(output);
