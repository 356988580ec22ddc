/* witness.c - saqta witness: who witnesses our log, whose logs we witness. */
#include <stdio.h>
#include <string.h>

#include "storage/api/messages.h"
#include "storage/crypt.h"
#include "storage/people.h"
#include "storage/tool/console.h"
#include "storage/tool/control.h"

static const char usage[] =
    "usage: saqta witness keys   [--config FILE] [--json]\n"
    "       saqta witness list   [--config FILE] [--json]\n"
    "       saqta witness add    [--config FILE] --by CUSTODIAN --key VKEY "
    "--url URL\n"
    "                            [--pin PIN] [-]\n"
    "       saqta witness allow  [--config FILE] --by CUSTODIAN --key VKEY "
    "[-]\n"
    "       saqta witness clock  [--config FILE] --by CUSTODIAN --key VKEY "
    "[-]\n"
    "       saqta witness remove [--config FILE] --by CUSTODIAN --key VKEY "
    "[-]\n"
    "  keys    this site's two keys: of its log, and as a witness\n"
    "  add     ask the witness with that key, such as "
    "https://10.1.2.3:8443/tlog-witness;\n"
    "          PIN is its sha256//..., which saqta-web prints there at start\n"
    "  allow   witness the log with that key\n"
    "  clock   that witness may vouch for the clock, too (saqta clock); all "
    "that may\n"
    "          must agree\n"
    "  The custodian's password and code are asked for, or are a line of "
    "standard\n"
    "  input with -.\n";

struct args {
	const char *config, *by, *key, *url, *pin, *json;
};

static const struct verb {
	const char *name;
	uint16_t msg;
	bool act;
} verbs[] = {
    {"keys", MSG_WITNESS_LIST, false},
    {"list", MSG_WITNESS_LIST, false},
    {"add", MSG_WITNESS_ADD, true},
    {"allow", MSG_WITNESS_ALLOW, true},
    {"clock", MSG_WITNESS_CLOCK, true},
    {"remove", MSG_WITNESS_REMOVE, true},
};

static const struct verb *find(const char *name)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

static bool args_fit(const struct verb *v, const struct args *a)
{
	bool add = v && v->msg == MSG_WITNESS_ADD;

	return v && v->act == (a->by != NULL) && v->act == (a->key != NULL) &&
	    add == (a->url != NULL) && (add || !a->pin) &&
	    (!v->act || !a->json);
}

static int act(const struct verb *v, const struct args *a, bool pipe)
{
	char credential[CREDENTIAL_MAX + 2];
	struct config conf;
	struct wire w;

	if (crypt_init() || !tool_config(a->config, &conf) ||
	    !ask_credential("The custodian's", pipe, credential,
		sizeof(credential)))
		return EXIT_FAILED;
	wire_begin(&w, v->msg, 1);
	wire_put_str(&w, a->by);
	wire_put_str(&w, credential);
	wire_put_str(&w, a->key);
	if (a->url) {
		wire_put_str(&w, a->url);
		wire_put_str(&w, a->pin ? a->pin : "");
	}
	crypt_wipe(credential, sizeof(credential));
	return tool_call(&conf, &w) ? EXIT_FINE : EXIT_FAILED;
}

int tool_witness(int argc, char **argv)
{
	static const char *const keys[] = {"--config", "--by", "--key", "--url",
	    "--pin", NULL, "--json", NULL};
	const char *v[6] = {0}, *words[2];
	const struct verb *verb = NULL;
	struct args a;
	struct config conf;
	size_t n;

	if (!options(argc, argv, keys, v, words, 2, &n))
		n = 0;
	a = (struct args){v[0], v[1], v[2], v[3], v[4], v[5]};
	if (n)
		verb = find(words[0]);
	if (!args_fit(verb, &a) || (n == 2 && strcmp(words[1], "-"))) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	if (verb->act)
		return act(verb, &a, n == 2);
	if (!tool_config(a.config, &conf))
		return EXIT_FAILED;
	return witness_list(&conf, !strcmp(verb->name, "keys"), a.json != NULL);
}
