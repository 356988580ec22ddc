// qrcode.js - a QR code (ISO/IEC 18004) of up to 106 bytes: always version 5,
// level L, mask 0, which is one block and 37 x 37 modules. Drawn by qr.js.
const SIZE = 37;
const DATA = 108, CHECK = 26;		// codewords of 5-L (table 9)
const FORMAT = 0b111011111000100;	// level L, mask 0 (table C.1)

// The rows, lines of 0 and 1; null where the text is too long.
export function qrRows(text)
{
	const bytes = new TextEncoder().encode(text);

	if (bytes.length > DATA - 2)
		return null;
	const words = codewords(bytes);
	const rows = Array.from({ length: SIZE }, () => Array(SIZE).fill(null));
	frame(rows);
	place(rows, [...words, ...remainder(words)]);
	return rows.map((r) => r.join("")).join("\n");
}

// Byte mode, its length, the bytes, and padding (7.4).
function codewords(bytes)
{
	const words = [];
	let held = 4;		// the mode's four bits
	const put = (b) => {
		words.push((held << 4 | b >> 4) & 255);
		held = b & 15;
	};

	put(bytes.length);
	bytes.forEach(put);
	words.push(held << 4 & 255);
	for (let pad = 0xec; words.length < DATA; pad ^= 0xec ^ 0x11)
		words.push(pad);
	return words;
}

// Reed-Solomon over GF(256), x^8 + x^4 + x^3 + x^2 + 1 (7.5).
function times(a, b)
{
	let product = 0;

	for (; b; b >>= 1) {
		if (b & 1)
			product ^= a;
		a = a << 1 ^ (a & 128 ? 0x11d : 0);
	}
	return product;
}

function remainder(words)
{
	let divisor = [1];

	for (let i = 0, root = 1; i < CHECK; i++, root = times(root, 2)) {
		const next = [...divisor, 0];
		divisor.forEach((d, k) => { next[k + 1] ^= times(d, root); });
		divisor = next;
	}
	const rest = Array(CHECK).fill(0);
	for (const word of words) {
		const lead = word ^ rest.shift();
		rest.push(0);
		for (let k = 0; k < CHECK; k++)
			rest[k] ^= times(divisor[k + 1], lead);
	}
	return rest;
}

// Finders, timing, alignment and format (6.3, 7.9).
function frame(rows)
{
	const square = (row, column, half) => {
		for (let y = -half; y <= half; y++)
			for (let x = -half; x <= half; x++) {
				const ring = Math.max(Math.abs(x), Math.abs(y));
				if (rows[row + y]?.[column + x] !== undefined)
					rows[row + y][column + x] =
						ring === 2 && half !== 2 ||
						ring === 4 || ring === 1 &&
						half === 2 ? 0 : 1;
			}
	};

	for (let i = 0; i < SIZE; i++)
		rows[6][i] = rows[i][6] = 1 - i % 2;
	square(3, 3, 4);
	square(3, SIZE - 4, 4);
	square(SIZE - 4, 3, 4);
	square(30, 30, 2);
	for (let i = 0; i < 15; i++) {
		const bit = FORMAT >> i & 1;
		rows[i < 6 ? i : i < 8 ? i + 1 : SIZE - 15 + i][8] = bit;
		rows[8][i < 8 ? SIZE - 1 - i : i < 9 ? 7 : 14 - i] = bit;
	}
	rows[SIZE - 8][8] = 1;
}

// Two columns at a time, from the right, up and down (7.7.3); mask 0.
function place(rows, words)
{
	let n = 0;

	for (let right = SIZE - 1, up = true; right > 0; right -= 2, up = !up) {
		if (right === 6)
			right--;
		for (let i = 0; i < SIZE; i++) {
			const y = up ? SIZE - 1 - i : i;
			for (const x of [right, right - 1]) {
				if (rows[y][x] !== null)
					continue;
				const bit = words[n >> 3] >> 7 - n % 8 & 1;
				rows[y][x] = bit ^ ((x + y) % 2 === 0 ? 1 : 0);
				n++;
			}
		}
	}
}
