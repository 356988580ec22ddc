/* probe.h - say what a camera is, without recording it. */
#ifndef SAQTA_PROBE_H
#define SAQTA_PROBE_H

/*
 * Look at the camera at url for some seconds, 10 at most. "user LF password
 * LF" is read from standard input, which may be empty. Prints one JSON object
 * on standard output: codec, profile, width, height, fps, bitrate_bps, gop_s,
 * audio, transport, clock_offset_ms (null when the camera does not say), or
 * error and message. Returns the exit status, 1 for an error. zygote is the
 * zygote's socket.
 */
int probe_run(const char *url, int udp, int zygote);

#endif
