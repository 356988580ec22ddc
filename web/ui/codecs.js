// codecs.js - can this browser show what a camera records? Asked of the browser
// before anybody asks for footage.
import { el } from "./dom.js";
import { t } from "./i18n.js";

const known = new Map();

// Does the browser play that codec (RFC 6381) at a usual size?
export function shows(codec)
{
	if (!known.has(codec))
		known.set(codec, ask(codec).catch(() => false));
	return known.get(codec);
}

async function ask(codec)
{
	const contentType = `video/mp4; codecs="${codec}"`;

	if (!("MediaSource" in window) ||
	    !MediaSource.isTypeSupported(contentType))
		return false;
	if (!navigator.mediaCapabilities)
		return true;
	const told = await navigator.mediaCapabilities.decodingInfo({
		type: "media-source", video: { contentType, width: 1920,
			height: 1080, bitrate: 4e6, framerate: 25 } });
	return told.supported;
}

export const isHevc = (codec) => /^h[ev][cv]1/.test(codec ?? "");

// What to know before asking for these cameras; null where all can be shown.
export async function codecNotice(cameras)
{
	const can = await Promise.all(cameras.map((c) => !c.codec ||
		shows(c.codec)));
	const not = cameras.filter((c, i) => !can[i]);

	return not.length ? el("p", { class: "told", "data-codec": "" },
		t(not.every((c) => isHevc(c.codec)) ? "codec.hevc" :
			"codec.other", { cameras: not.map((c) => c.name)
			.join(", "), n: not.length })) : null;
}
