/* camera.c - saqta camera and saqta atm: an operator's work on cameras. */
#include <stdio.h>
#include <string.h>

#include "storage/api/messages.h"
#include "storage/crypt.h"
#include "storage/tool/aim.h"
#include "storage/tool/console.h"
#include "storage/tool/control.h"
#include "storage/tool/import.h"
#include "storage/tool/look.h"

static const char usage[] =
    "usage: saqta camera add [--config FILE] --id ID --atm ATM [--name NAME]\n"
    "                        [--place PLACE] [--device TEXT] [--udp]\n"
    "                        [--certificate SHA256] [--user USER] URL [-]\n"
    "       saqta camera list [--config FILE] [--json]\n"
    "       saqta camera probe [--user USER] [--udp] [--json] URL [-]\n"
    "       saqta camera discover [--json] [ADDRESS|RANGE]\n"
    "       saqta camera onvif [--user USER] [--json] ADDRESS [-]\n"
    "       saqta camera enable|disable [--config FILE] ID\n"
    "       saqta camera replace [--config FILE] --id ID [--device TEXT]\n"
    "                        [--udp] [--certificate SHA256] [--user USER]\n"
    "                        URL [-]\n"
    "       saqta camera retire [--config FILE] --reason TEXT ID\n"
    "       saqta camera move [--config FILE] --atm ATM ID\n"
    "       saqta camera scene [--config FILE] ID\n"
    "       saqta camera keypad [--config FILE] ID outside|masked|visible\n"
    "       saqta camera aim [--config FILE] --by CUSTODIAN --reason TEXT ID "
    "[-]\n"
    "       saqta camera import [--config FILE] FILE|-\n"
    "       saqta camera export [--config FILE]\n"
    "       saqta atm move [--config FILE] ATM PLACE\n"
    "  ID is the position of a camera; it keeps its footage when the device\n"
    "  is replaced or the ATM is moved, and its history when it is retired.\n"
    "  RANGE is A.B.C.D-E or A.B.C.D/N, at most 256 addresses; without it "
    "all\n"
    "  that hear a multicast are asked.\n"
    "  scene: it was moved or refocused on purpose; its next good picture is\n"
    "  the one that later ones are compared with.\n"
    "  keypad: an operator saw where it is: outside the picture, masked by "
    "the\n"
    "  camera, or visible, which is to be mended.\n"
    "  aim: operators may look through the camera, ten minutes at most; "
    "password\n"
    "  and code are asked for, or are two lines of standard input with -.\n"
    "  FILE is CSV with a line of names: id, atm, url, and as you like name,\n"
    "  place, transport, user, password, device, certificate. What is there "
    "stays\n"
    "  as it is.\n"
    "  URL is rtsp://HOST[:PORT]/PATH without user and password; with --user "
    "the\n"
    "  password is asked for, or read from standard input with -.\n"
    "  rtsps:// is RTSP over TLS, port 322. SHA256 is the fingerprint of the\n"
    "  camera's certificate, as probe shows it: a camera that shows another "
    "one\n"
    "  is not recorded.\n";

struct args {
	struct config conf;
	const char *path, *id, *atm, *name, *place, *user, *url;
	const char *device, *reason, *certificate, *by, *word;
	bool udp, pipe;
	char password[256];
};

static bool ask_password(struct args *a)
{
	return !a->user ||
	    ask_secret("The camera's password", a->pipe, false, a->password,
		sizeof(a->password));
}

/* Credentials are sealed here to the recorder: storage cannot read them. */
bool camera_seal(const struct config *conf, const char *login_user,
    const char *password, unsigned char *out, size_t *ret_n)
{
	unsigned char plain[512];
	size_t user = strlen(login_user), n = user + 1 + strlen(password);
	const void *key;
	struct wire w;
	size_t key_n;
	bool ok;

	if (user > 100 || n - user - 1 > 128) {
		fprintf(stderr, "saqta: that user or password is too long\n");
		return false;
	}
	wire_begin(&w, MSG_RECORDER_KEY, 1);
	if (!tool_call(conf, &w))
		return false;
	key = wire_get_bytes(&w, &key_n);
	memcpy(plain, login_user, user + 1);
	memcpy(plain + user + 1, password, n - user - 1);
	ok = key_n == KEY_BYTES && !box_seal(key, plain, n, out);
	crypt_wipe(plain, sizeof(plain));
	*ret_n = n + BOX_EXTRA;
	return ok;
}

static int add(struct args *a)
{
	unsigned char sealed[512 + BOX_EXTRA];
	size_t n = 0;
	struct wire w;

	if (!tool_config(a->path, &a->conf) || !ask_password(a))
		return EXIT_FAILED;
	if (a->user && !camera_seal(&a->conf, a->user, a->password, sealed, &n))
		return EXIT_FAILED;
	wire_begin(&w, MSG_CAMERA_ADD, 1);
	wire_put_str(&w, a->id);
	wire_put_str(&w, a->name ? a->name : a->id);
	wire_put_str(&w, a->atm);
	wire_put_str(&w, a->place ? a->place : "");
	wire_put_str(&w, a->url);
	wire_put_u8(&w, a->udp ? TRANSPORT_UDP : TRANSPORT_TCP);
	wire_put_bytes(&w, sealed, n);
	wire_put_str(&w, a->device ? a->device : "");
	wire_put_str(&w, a->certificate ? a->certificate : "");
	if (!tool_call(&a->conf, &w))
		return EXIT_FAILED;
	printf("camera %s was added; saqta camera list says how it does\n",
	    a->id);
	camera_ask_keypad(&a->conf, a->id);
	return EXIT_FINE;
}

static int enable(struct args *a, bool on)
{
	struct wire w;

	if (!tool_config(a->path, &a->conf))
		return EXIT_FAILED;
	wire_begin(&w, MSG_CAMERA_ENABLE, 1);
	wire_put_str(&w, a->url);
	wire_put_u8(&w, on);
	return tool_call(&a->conf, &w) ? EXIT_FINE : EXIT_FAILED;
}

static int scene(struct args *a)
{
	struct wire w;

	if (!tool_config(a->path, &a->conf))
		return EXIT_FAILED;
	wire_begin(&w, MSG_SCENE_NEW, 1);
	wire_put_str(&w, a->url);
	return tool_call(&a->conf, &w) ? EXIT_FINE : EXIT_FAILED;
}

static int look(struct args *a, const char *verb, bool json)
{
	int status;

	if (!ask_password(a))
		return EXIT_FAILED;
	status = tool_look(verb, a->url, a->udp, a->user, a->password, json);
	crypt_wipe(a->password, sizeof(a->password));
	return status;
}

static int replace(struct args *a)
{
	unsigned char sealed[512 + BOX_EXTRA];
	size_t n = 0;
	struct wire w;

	if (!tool_config(a->path, &a->conf) || !ask_password(a))
		return EXIT_FAILED;
	if (a->user && !camera_seal(&a->conf, a->user, a->password, sealed, &n))
		return EXIT_FAILED;
	wire_begin(&w, MSG_CAMERA_REPLACE, 1);
	wire_put_str(&w, a->id);
	wire_put_str(&w, a->device ? a->device : "");
	wire_put_str(&w, a->url);
	wire_put_u8(&w, a->udp ? TRANSPORT_UDP : TRANSPORT_TCP);
	wire_put_bytes(&w, sealed, n);
	wire_put_str(&w, a->certificate ? a->certificate : "");
	if (!tool_call(&a->conf, &w))
		return EXIT_FAILED;
	camera_ask_keypad(&a->conf, a->id);
	return EXIT_FINE;
}

/* An act on two words. */
static int tell(struct args *a, enum msg type, const char *first,
    const char *second)
{
	struct wire w;

	if (!tool_config(a->path, &a->conf))
		return EXIT_FAILED;
	wire_begin(&w, (uint16_t)type, 1);
	wire_put_str(&w, first);
	wire_put_str(&w, second);
	return tool_call(&a->conf, &w) ? EXIT_FINE : EXIT_FAILED;
}

static int run(struct args *a, const char *verb, size_t n, bool json)
{
	if (!strcmp(verb, "add") && n >= 2 && a->id && a->atm)
		return add(a);
	if (!strcmp(verb, "list") && n == 1)
		return tool_config(a->path, &a->conf) ?
		    camera_list(&a->conf, json) :
		    EXIT_FAILED;
	if ((!strcmp(verb, "probe") || !strcmp(verb, "onvif")) && n >= 2)
		return look(a, verb, json);
	if (!strcmp(verb, "discover") && n <= 2 && !a->user)
		return look(a, verb, json);
	if (!strcmp(verb, "import") && n == 2)
		return tool_config(a->path, &a->conf) ?
		    camera_import(&a->conf, a->url) :
		    EXIT_FAILED;
	if (!strcmp(verb, "export") && n == 1)
		return tool_config(a->path, &a->conf) ?
		    camera_export(&a->conf) :
		    EXIT_FAILED;
	if (!strcmp(verb, "enable") && n == 2)
		return enable(a, true);
	if (!strcmp(verb, "disable") && n == 2)
		return enable(a, false);
	if (!strcmp(verb, "scene") && n == 2)
		return scene(a);
	if (!strcmp(verb, "keypad") && n == 3)
		return tool_config(a->path, &a->conf) ?
		    camera_keypad(&a->conf, a->url, a->word) :
		    EXIT_FAILED;
	if (!strcmp(verb, "aim") && n >= 2 && a->by && a->reason)
		return tool_config(a->path, &a->conf) ?
		    camera_aim(&a->conf, a->by, a->url, a->reason, a->pipe) :
		    EXIT_FAILED;
	if (!strcmp(verb, "replace") && n >= 2 && a->id)
		return replace(a);
	if (!strcmp(verb, "retire") && n == 2 && a->reason)
		return tell(a, MSG_CAMERA_RETIRE, a->url, a->reason);
	if (!strcmp(verb, "move") && n == 2 && a->atm)
		return tell(a, MSG_CAMERA_MOVE, a->url, a->atm);
	fputs(usage, stderr);
	return EXIT_USAGE;
}

int tool_camera(int argc, char **argv)
{
	static const char *const keys[] = {"--config", "--id", "--atm",
	    "--name", "--place", "--user", "--device", "--reason",
	    "--certificate", "--by", NULL, "--udp", "--json", NULL};
	const char *v[12] = {0}, *words[3] = {"", "", ""};
	static struct args a;
	size_t n;

	if (crypt_init() || !options(argc, argv, keys, v, words, 3, &n) ||
	    (n == 3 && strcmp(words[2], "-") && strcmp(words[0], "keypad"))) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	a = (struct args){.path = v[0],
	    .id = v[1],
	    .atm = v[2],
	    .name = v[3],
	    .place = v[4],
	    .user = v[5],
	    .device = v[6],
	    .reason = v[7],
	    .certificate = v[8],
	    .by = v[9],
	    .udp = v[10] != NULL,
	    .pipe = n == 3,
	    .url = words[1],
	    .word = words[2]};
	return run(&a, words[0], n, v[11] != NULL);
}

int tool_atm(int argc, char **argv)
{
	static const char *const keys[] = {"--config", NULL, NULL};
	const char *v[1] = {0}, *words[3] = {"", "", ""};
	static struct args a;
	size_t n;

	if (!options(argc, argv, keys, v, words, 3, &n) || n != 3 ||
	    strcmp(words[0], "move")) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	a.path = v[0];
	return tell(&a, MSG_ATM_MOVE, words[1], words[2]);
}
