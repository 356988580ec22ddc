/*
 * seeds DIR - what the fuzzers begin with: DIR/<name>_fuzz/ for each parser of
 * a package, out of a small genuine one; for peers_fuzz and session_fuzz also DIR/box.
 */
#include <stdlib.h>
#include <sys/stat.h>

#include "tests/unit/storage/package_box.h"

#include "storage/zip.h"

#define CLIP_SMALL                                                             \
	"-c:v libx264 -preset veryfast -bf 2 -s 32x32 -r 4 -frames:v 16 -crf " \
	"51 "                                                                  \
	"-force_key_frames 'expr:gte(t,n_forced)'"

static const char *out;

static void write_bytes(const char *path, const void *p, size_t n)
{
	FILE *f = fopen(path, "w");

	if (!f || fwrite(p, 1, n, f) != n || fclose(f))
		exit(1);
}

static void put(const char *fuzzer, const char *name, const void *p, size_t n)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s_fuzz", out, fuzzer);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/%s_fuzz/%s", out, fuzzer, name);
	write_bytes(path, p, n);
}

/* u16 length of the init part, the init part, one fragment. */
static void put_fragment(void)
{
	size_t n = 2 + box.clip.init_n + box.clip.fragment[0].n;
	unsigned char *p = malloc(n);

	p[0] = (unsigned char)(box.clip.init_n >> 8);
	p[1] = (unsigned char)box.clip.init_n;
	memcpy(p + 2, box.clip.p, box.clip.init_n);
	memcpy(p + 2 + box.clip.init_n, box.clip.p + box.clip.fragment[0].off,
	    box.clip.fragment[0].n);
	put("mp4", "fragment", p, n);
	free(p);
}

/* The ledger's entries, each alone and as a tile. */
static void put_entries(void)
{
	unsigned char buf[ENTRY_MAX], tile[65536];
	size_t n, tile_n = 0;
	char name[32];

	for (uint64_t i = 0; i < ledger_size(box.ledger); i++) {
		if (ledger_get(box.ledger, i, buf, &n))
			exit(1);
		snprintf(name, sizeof(name), "%u", (unsigned)i);
		put("entry", name, buf, n);
		tile[tile_n++] = (unsigned char)(n >> 8);
		tile[tile_n++] = (unsigned char)n;
		memcpy(tile + tile_n, buf, n);
		tile_n += n;
	}
	put("tile", "entries", tile, tile_n);
}

static void put_files(void)
{
	int fd = package_fd(package.zip, package.n);
	struct zip z;

	if (zip_read(fd, package.n, &z))
		exit(1);
	for (size_t i = 0; i < z.n; i++) {
		const struct zip_file *f = &z.files[i];
		const unsigned char *p = package.zip + f->off;
		const unsigned char *end;

		if (strstr(f->name, ".mp4"))
			put("track", f->name, p, f->size);
		if (!strcmp(f->name, "manifest.json"))
			put("manifest", f->name, p, f->size);
		if (strcmp(f->name, "proof.txt") != 0)
			continue;
		put("proof", f->name, p, f->size);
		end = memmem(p, f->size, "\n\n", 2);
		put("note", "checkpoint", end + 2,
		    f->size - (size_t)(end + 2 - p));
	}
	zip_free(&z);
	close(fd);
}

/* --- peers_fuzz.c: a data directory, and messages that are taken --- */

#define SESSION 99u

static unsigned char messages[8192];
static size_t messages_n;

/* The message as that peer (peers_fuzz.c) sends it; `beside` as there. */
static void say(unsigned peer, struct wire *w, unsigned beside)
{
	const size_t head = 8; /* wire.h: version, type, id */
	size_t n = w->len - head;
	unsigned char *p = messages + messages_n;

	if (w->err || messages_n + 6 + n > sizeof(messages))
		exit(1);
	if (peer == SESSION) {
		/* session_fuzz.c: no peer, and nothing travels beside it */
		p[0] = (unsigned char)(w->type >> 8);
		p[1] = (unsigned char)w->type;
		p += 2;
	} else {
		p[0] = (unsigned char)peer;
		p[1] = (unsigned char)(w->type >> 8);
		p[2] = (unsigned char)w->type;
		p[3] = (unsigned char)beside;
		p += 4;
	}
	p[0] = (unsigned char)(n >> 8);
	p[1] = (unsigned char)n;
	memcpy(p + 2, w->buf + head, n);
	messages_n = (size_t)(p + 2 + n - messages);
}

static void put_messages(const char *name)
{
	put("peers", name, messages, messages_n);
	messages_n = 0;
}

/* Of somebody who is signed in: session_fuzz.c says who. */
static void begin_session(unsigned who)
{
	messages[messages_n++] = (unsigned char)who;
}

static void put_session(const char *name)
{
	put("session", name, messages, messages_n);
	messages_n = 0;
}

/*
 * A message by its fields: s string, b u8, h u16, w u32, l u64 or i64, x
 * bytes of a hash.
 */
static void send_to(unsigned peer, uint16_t type, unsigned beside,
    const char *fields, ...)
{
	unsigned char hash[HASH_BYTES] = {1};
	struct wire w;
	va_list ap;

	wire_begin(&w, type, 7);
	va_start(ap, fields);
	for (; *fields; fields++)
		switch (*fields) {
		case 's':
			wire_put_str(&w, va_arg(ap, const char *));
			break;
		case 'b':
			wire_put_u8(&w, (uint8_t)va_arg(ap, int));
			break;
		case 'h':
			wire_put_u16(&w, (uint16_t)va_arg(ap, int));
			break;
		case 'w':
			wire_put_u32(&w, (uint32_t)va_arg(ap, int));
			break;
		case 'l':
			wire_put_i64(&w, va_arg(ap, int64_t));
			break;
		default:
			wire_put_bytes(&w, hash, sizeof(hash));
		}
	va_end(ap);
	say(peer, &w, beside);
}

static void put_recorder(void)
{
	send_to(0, MSG_HELLO_RECORDER, 0, "sx", "0.1");
	send_to(1, MSG_CAMERA_NEXT, 0, "s", "");
	send_to(1, MSG_CAMERA_STATE, 0, "sbbls", "cam1", 2, 0, S(1), "");
	send_to(1, MSG_RECORDER_STOPPING, 0, "");
	put_messages("supervisor");
	send_to(0, MSG_HELLO_CAMERA, 0, "s", "cam2");
	send_to(2, MSG_SEGMENT_BEGIN, 2, "llwwblhh", S(30), S(30), 12800, 1, 1,
	    S(0), 32, 32);
	send_to(2, MSG_FRAGMENT, 3, "lllw", S(30), S(1), S(31), 1);
	send_to(2, MSG_SEGMENT_END, 0, "b", 3);
	send_to(2, MSG_SCENE, 0, "lbbhlx", INT64_C(1), 9, 9, 99, S(0));
	send_to(2, MSG_PICTURE_IS, 0, "lbhh", INT64_C(1), 1, 32, 32);
	put_messages("camera");
}

static void put_tool(void)
{
	send_to(4, MSG_STATUS, 0, "");
	send_to(4, MSG_COVERAGE, 0, "sll", "", S(0), S(30));
	send_to(4, MSG_CAMERA_ADD, 0, "sssssbsss", "cam3", "n", "1", "p",
	    "rtsp://127.0.0.1/x", 0, "", "", "");
	send_to(4, MSG_CAMERA_ENABLE, 0, "sb", "cam3", 1);
	send_to(4, MSG_CAMERA_MOVE, 0, "ss", "cam3", "2");
	send_to(4, MSG_ATM_MOVE, 0, "ss", "2", "there");
	send_to(4, MSG_CAMERA_REPLACE, 0, "sssbss", "cam3", "d",
	    "rtsp://127.0.0.1/y", 0, "", "");
	send_to(4, MSG_CAMERA_RETIRE, 0, "ss", "cam3", "old");
	put_messages("cameras");
	send_to(4, MSG_RETENTION_DUE, 0, "");
	send_to(4, MSG_TERM, 0, "sw", "cam1", 3);
	send_to(4, MSG_HOLDS, 0, "");
	send_to(4, MSG_CLOCK, 0, "");
	send_to(4, MSG_WITNESS_LIST, 0, "");
	send_to(4, MSG_CAPACITY_ACCEPT, 0, "s", "small");
	send_to(4, MSG_USER_ADD, 0, "ssssbsb", "first", "x\n1", "u", "U", 2,
	    "eleven grey mountains", 0);
	send_to(4, MSG_WITNESS_ADD, 0, "sssss", "first", "x\n1", "w+1+a",
	    "https://w", "");
	send_to(4, MSG_WITNESS_CLOCK, 0, "sss", "first", "x\n1", "w+1+a");
	put_messages("tool");
	send_to(3, MSG_SIGN_IN, 0, "sss", "auditor", "auditor-two",
	    "127.0.0.1");
	send_to(3, MSG_ADD_CHECKPOINT, 1, "");
	send_to(3, MSG_WITNESS_NEXT, 0, "");
	send_to(3, MSG_WITNESS_SAID, 0, "shs", "w", 200, "x");
	put_messages("web");
}

static void put_readers(void)
{
	send_to(5, MSG_REQUEST_NEW, 0, "llssbsb", S(0), S(9), "why", "K-1", 1,
	    "cam1", 2);
	send_to(5, MSG_GRANT_GET, 0, "s", PACKAGE_REQUEST);
	send_to(5, MSG_LEASE_OPEN, 0, "ssllb", PACKAGE_REQUEST, "cam1", S(1),
	    S(8), 1);
	send_to(5, MSG_LEASE_CLOSE, 0, "lhll", INT64_C(20), 1, S(1), S(8));
	send_to(5, MSG_REFUSAL, 0, "hssll", 19, "", "cam1", S(0), S(1));
	send_to(5, MSG_DRAFT_PUT, 0, "lllssbsbsls", INT64_C(0), S(0), S(9),
	    "why", "K-1", 1, "cam1", 1, "cash", INT64_C(0), "");
	send_to(5, MSG_DRAFT_DROP, 0, "l", INT64_C(1));
	send_to(5, MSG_REVOKE, 0, "ss", PACKAGE_REQUEST, "over");
	send_to(5, MSG_SESSIONS, 0, "");
	put_messages("auditor");
	send_to(5, MSG_EXPORT_BEGIN, 0, "sl", PACKAGE_REQUEST, INT64_C(1000));
	send_to(5, MSG_EXPORT_ENTER, 0, "sx", "EXP-2026-00002");
	send_to(5, MSG_EXPORT_DONE, 0, "slxw", "EXP-2026-00002", INT64_C(9), 1);
	send_to(5, MSG_EXPORT_FAILED, 0, "sh", "EXP-2026-00002", 12);
	put_messages("export");
	send_to(6, MSG_DAY_KEY, 0, "ss", "cam1", DAY);
	send_to(6, MSG_STALE_DAYS, 0, "ss", "", "");
	send_to(6, MSG_REWRAP, 1, "s", "{}");
	send_to(6, MSG_HELD_DAYS, 0, "");
	send_to(6, MSG_HELD_PUT, 1, "ss", "cam1", DAY);
	send_to(6, MSG_GRANT_PUT, 1, "sbllsbs", "REQ-2026-00001", 1, S(0), S(9),
	    "so be it", 1, "cam1");
	send_to(6, MSG_HOLD_PLACE, 0, "lllssbs", S(0), S(9), INT64_C(0), "why",
	    "K-1", 1, "cam1");
	send_to(6, MSG_HOLD_RELEASE, 0, "ls", INT64_C(20), "over");
	send_to(6, MSG_NEXT_PERSON, 0, "");
	send_to(6, MSG_FACTOR_USED, 0, "l", INT64_C(59846000));
	send_to(6, MSG_PERSON_PUT, 1, "sb", "", 0);
	send_to(6, MSG_PERSON_SEAL, 0, "xb", 1);
	send_to(6, MSG_PERSON_ENDED, 0, "ls", INT64_C(3), "gone");
	send_to(6, MSG_EXPECT, 0, "bss", 3, "4", "0123456789abcdef");
	send_to(6, MSG_DEPUTY, 0, "lb", INT64_C(4), 1);
	send_to(6, MSG_SESSION_END, 0, "l", INT64_C(1));
	send_to(6, MSG_AIM_OPEN, 0, "ss", "cam1", "why");
	put_messages("custodian");
	send_to(7, MSG_LOOK, 0, "bsbs", 1, "rtsp://127.0.0.1/x", 0, "");
	send_to(1, MSG_LOOK_IS, 1, "");
	send_to(7, MSG_AIM, 0, "s", "cam1");
	send_to(7, MSG_KEYPAD, 0, "sb", "cam1", 1);
	send_to(7, MSG_ZONES, 0, "sb", "cam1", 0);
	send_to(7, MSG_RECORDER_KEY, 0, "");
	send_to(8, MSG_READER_STARTED, 0, "l", INT64_C(0));
	send_to(8, MSG_SIGN_IS, 0, "x");
	send_to(8, MSG_CLOCK_VOUCH, 0, "ls", S(1), "my watch");
	put_messages("operator");
}

static void put_sessions(void)
{
	static const char req[] = PACKAGE_REQUEST;

	begin_session(0);
	send_to(SESSION, MSG_PLAY, 0, "s", req);
	send_to(SESSION, MSG_MEDIA_INIT, 0, "ssl", req, "cam1", INT64_C(1));
	send_to(SESSION, MSG_MEDIA_FRAGMENT, 0, "sslw", req, "cam1", INT64_C(1),
	    2);
	send_to(SESSION, MSG_STOP_WATCHING, 0, "s", req);
	put_session("watch");
	begin_session(0);
	send_to(SESSION, MSG_FILES_OPEN, 0, "ss", req, "auditor-two\n123456");
	send_to(SESSION, MSG_MOVIE, 0, "ssw", req, "cam1", 0);
	send_to(SESSION, MSG_MOVIE_READ, 0, "sswlw", req, "cam1", 0,
	    INT64_C(100), 5000);
	send_to(SESSION, MSG_EXPORT_NEW, 0, "ss", req, "auditor-two\n123456");
	send_to(SESSION, MSG_EXPORTS, 0, "");
	send_to(SESSION, MSG_EXPORT, 0, "s", "EXP-2026-00001");
	send_to(SESSION, MSG_EXPORT_READ, 0, "slw", "EXP-2026-00001",
	    INT64_C(0), 4096);
	put_session("copy");
	begin_session(0);
	send_to(SESSION, MSG_SITE, 0, "");
	send_to(SESSION, MSG_CAMERAS, 0, "");
	send_to(SESSION, MSG_COVERAGE, 0, "sll", "cam1", S(0), S(40));
	send_to(SESSION, MSG_STATUS, 0, "");
	send_to(SESSION, MSG_LEDGER, 0, "lw", INT64_C(0), 50);
	send_to(SESSION, MSG_REQUEST_NEW, 0, "llssbsb", S(0), S(9), "why",
	    "K-1", 1, "cam1", 2);
	send_to(SESSION, MSG_REQUESTS, 0, "");
	send_to(SESSION, MSG_DRAFT_PUT, 0, "lllssbsbsls", INT64_C(0), S(0),
	    S(9), "why", "K-1", 1, "cam1", 1, "cash", INT64_C(0), "");
	send_to(SESSION, MSG_DRAFTS, 0, "");
	send_to(SESSION, MSG_DRAFT_DROP, 0, "l", INT64_C(1));
	send_to(SESSION, MSG_REVOKE, 0, "ss", req, "over");
	send_to(SESSION, MSG_PASSWORD_SET, 0, "ss", "auditor-two",
	    "eleven grey mountains");
	send_to(SESSION, MSG_FACTOR_NEW, 0, "");
	send_to(SESSION, MSG_FACTOR_SET, 0, "ss", "auditor-two", "123456");
	send_to(SESSION, MSG_SIGN_OUT, 0, "");
	put_session("auditor");
	begin_session(1);
	send_to(SESSION, MSG_DECIDE, 0, "sbllssbs", req, 1, S(0), S(9), "yes",
	    "custodian-four\n123456", 1, "cam1");
	send_to(SESSION, MSG_HOLDS, 0, "");
	send_to(SESSION, MSG_HOLD_PLACE, 0, "lllssbs", S(0), S(9), INT64_C(0),
	    "why", "K-1", 1, "cam1");
	send_to(SESSION, MSG_HOLD_RELEASE, 0, "lss", INT64_C(3), "over",
	    "custodian-four\n123456");
	send_to(SESSION, MSG_PEOPLE, 0, "");
	send_to(SESSION, MSG_PERSON_NEW, 0, "ssbsb", "u", "U", 2,
	    "custodian-four\n123456", 0);
	send_to(SESSION, MSG_IF_MATCH, 0, "bsshlbs", 3, "4", "0123456789abcdef",
	    MSG_DEPUTY, INT64_C(4), 1, "custodian-four\n123456");
	send_to(SESSION, MSG_DEPUTY, 0, "lbs", INT64_C(4), 1,
	    "custodian-four\n123456");
	send_to(SESSION, MSG_PERSON_RESET, 0, "ls", INT64_C(2),
	    "custodian-four\n123456");
	send_to(SESSION, MSG_PERSON_END, 0, "lss", INT64_C(3), "gone",
	    "custodian-four\n123456");
	send_to(SESSION, MSG_AIM_OPEN, 0, "sss", "cam1", "why",
	    "custodian-four\n123456");
	put_session("custodian");
	begin_session(2);
	send_to(SESSION, MSG_CAMERA_ADD, 0, "sssssbsss", "cam3", "n", "1", "p",
	    "rtsp://127.0.0.1/x", 0, "", "", "");
	send_to(SESSION, MSG_LOOK, 0, "bsbs", 1, "rtsp://127.0.0.1/x", 0, "");
	send_to(SESSION, MSG_AIM, 0, "s", "cam1");
	send_to(SESSION, MSG_LEDGER_VERIFY, 0, "b", 1);
	send_to(SESSION, MSG_KEYPAD, 0, "sb", "cam1", 1);
	send_to(SESSION, MSG_ZONES, 0, "sb", "cam1", 0);
	send_to(SESSION, MSG_SESSIONS, 0, "");
	send_to(SESSION, MSG_SESSION_END, 0, "l", INT64_C(1));
	send_to(SESSION, MSG_PERSON_NEW, 0, "ssbsb", "u", "U", 1,
	    "operator-three", 0);
	put_session("operator");
}

static void put_box(void)
{
	char cmd[400];

	snprintf(cmd, sizeof(cmd),
	    "mkdir -p %s/box && rm -rf %s/box/data && cp -r %s %s/box/data",
	    out, out, box.dir, out);
	if (system(cmd))
		exit(1);
	snprintf(cmd, sizeof(cmd), "%s/box/init", out);
	write_bytes(cmd, box.clip.p, box.clip.init_n);
	snprintf(cmd, sizeof(cmd), "%s/box/fragment", out);
	write_bytes(cmd, box.clip.p + box.clip.fragment[0].off,
	    box.clip.fragment[0].n);
}

int main(int argc, char **argv)
{
	void *state = NULL;

	if (argc != 2)
		return 2;
	out = argv[1];
	mkdir(out, 0755);
	box_clip = CLIP_SMALL;
	package_make(&state);
	put("zip", "package", package.zip, package.n);
	put("verify", "package", package.zip, package.n);
	put_files();
	put_fragment();
	put_entries();
	put_recorder();
	put_tool();
	put_readers();
	put_sessions();
	put_box();
	return package_free(&state);
}
