// qr.js - a QR code as storage gives it: lines of 0 and 1.
const SVG = "http://www.w3.org/2000/svg";
const MARGIN = 4;	// light modules round it, as ISO/IEC 18004 wants

export function qr(rows, label)
{
	const lines = rows.trim().split("\n");
	const size = lines.length + 2 * MARGIN;
	const node = document.createElementNS(SVG, "svg");
	let dark = "";

	lines.forEach((line, y) => {
		for (let x = 0; x < line.length; x++)
			if (line[x] === "1")
				dark += `M${x + MARGIN},${y + MARGIN}h1v1h-1z`;
	});
	node.setAttribute("viewBox", `0 0 ${size} ${size}`);
	node.setAttribute("class", "qr");
	node.setAttribute("role", "img");
	node.setAttribute("aria-label", label);
	for (const [d, fill] of [[`M0,0h${size}v${size}h-${size}z`, "#fff"],
		[dark, "#000"]]) {
		const path = document.createElementNS(SVG, "path");
		path.setAttribute("d", d);
		path.setAttribute("fill", fill);
		node.append(path);
	}
	return node;
}
