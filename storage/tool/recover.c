/* See recover.h. */
#include "storage/tool/recover.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "storage/api/messages.h"
#include "storage/people.h"
#include "storage/tool/console.h"
#include "storage/tool/factor.h"
#include "storage/tool/paper.h"

static const char recover_usage[] =
    "usage: saqta recover [--config FILE] --custodian USER\n"
    "                     [--name FULL-NAME] [--factor-file FILE] [-]\n"
    "  All custodians are lost: both halves of the paper key make a new one, "
    "who\n"
    "  opens all that is kept. The halves and his password are asked for; with "
    "- they\n"
    "  are the first nine lines of standard input. It is entered. Then make a "
    "second\n"
    "  custodian, end the lost ones, and replace the paper key.\n";

static const char replace_usage[] =
    "usage: saqta paper replace [--config FILE] --by CUSTODIAN [-]\n"
    "  Makes another paper key, prints its halves once and wraps every day's "
    "key to\n"
    "  it instead of to the old one. The custodian's password and code are "
    "asked for,\n"
    "  or are a line each of standard input with -.\n";

static bool ask_password(bool pipe, char *ret, size_t n)
{
	if (!ask_secret("Password of the new custodian", pipe, !pipe, ret, n))
		return false;
	if (password_ok(ret))
		return true;
	fprintf(stderr, "saqta: a password has %d to %d characters\n",
	    PASSWORD_MIN, PASSWORD_MAX);
	return false;
}

static bool call_recover(const struct config *conf, struct wire *w)
{
	const char *text;
	enum err err = tool_ask(conf, w, &text);

	if (err == ERR_PASSWORD)
		fprintf(stderr,
		    "saqta: these are not the halves of this "
		    "site's paper key\n");
	else if (err)
		fprintf(stderr, "saqta: %s\n", *text ? text : err_text(err));
	return !err;
}

int tool_recover(int argc, char **argv)
{
	static const char *const keys[] = {
	    "--config", "--custodian", "--name", "--factor-file", NULL, NULL};
	const struct rlimit no_core = {0};
	const char *v[4] = {0}, *words[1];
	char password[PASSWORD_MAX + 2], text[IDENTITY_TEXT];
	unsigned long long person;
	struct age_identity paper;
	struct config conf;
	struct wire w;
	bool ok;
	size_t n;

	if (!options(argc, argv, keys, v, words, 1, &n) || !v[1] ||
	    (n && strcmp(words[0], "-")) || !user_name_ok(v[1])) {
		fputs(recover_usage, stderr);
		return EXIT_USAGE;
	}
	if (crypt_init() || setrlimit(RLIMIT_CORE, &no_core) < 0 ||
	    !tool_config(v[0], &conf) || !paper_ask(n == 1, &paper))
		return EXIT_FAILED;
	ok = ask_password(n == 1, password, sizeof(password));
	identity_format(&paper, text);
	crypt_wipe(&paper, sizeof(paper));
	wire_begin(&w, MSG_RECOVER, 1);
	wire_put_str(&w, text);
	wire_put_str(&w, v[1]);
	wire_put_str(&w, v[2] ? v[2] : v[1]);
	wire_put_str(&w, password);
	crypt_wipe(text, sizeof(text));
	crypt_wipe(password, sizeof(password));
	ok = ok && call_recover(&conf, &w);
	if (ok) {
		person = wire_get_u64(&w);
		ok = show_factor(v[1], wire_get_str(&w), v[3], conf.demo,
		    n == 1);
	}
	crypt_wipe(w.buf, sizeof(w.buf));
	if (!ok)
		return EXIT_FAILED;
	printf("custodian %s is person %llu. Make a second one, end the lost "
	       "ones, and\nreplace the paper key (saqta paper replace).\n",
	    v[1], person);
	return EXIT_FINE;
}

int tool_paper_replace(int argc, char **argv)
{
	static const char *const keys[] = {"--config", "--by", NULL, NULL};
	const struct rlimit no_core = {0};
	const char *v[2] = {0}, *words[1];
	char credential[CREDENTIAL_MAX + 2], text[RECIPIENT_TEXT];
	unsigned char sign_key[KEY_BYTES];
	struct age_recipient to;
	struct age_identity paper;
	struct config conf;
	struct wire w;
	size_t n;

	if (!options(argc, argv, keys, v, words, 1, &n) || !v[1] ||
	    (n && strcmp(words[0], "-"))) {
		fputs(replace_usage, stderr);
		return EXIT_USAGE;
	}
	if (crypt_init() || setrlimit(RLIMIT_CORE, &no_core) < 0 ||
	    !tool_config(v[0], &conf))
		return EXIT_FAILED;
	identity_new(&paper);
	identity_recipient(&paper, &to);
	recipient_format(&to, text);
	paper_sign_public(&paper, sign_key);
	if (!paper_show(&paper, n == 1)) {
		fprintf(stderr,
		    "saqta: nothing was changed: these sheets are "
		    "void\n");
		return EXIT_FAILED;
	}
	crypt_wipe(&paper, sizeof(paper));
	if (!ask_credential("The custodian's", n == 1, credential,
		sizeof(credential)))
		return EXIT_FAILED;
	wire_begin(&w, MSG_PAPER_REPLACE, 1);
	wire_put_str(&w, v[1]);
	wire_put_str(&w, credential);
	wire_put_str(&w, text);
	wire_put_bytes(&w, sign_key, sizeof(sign_key));
	crypt_wipe(credential, sizeof(credential));
	if (!tool_call(&conf, &w)) {
		fprintf(stderr, "saqta: the sheets just printed are void\n");
		return EXIT_FAILED;
	}
	puts("the site has this paper key now; destroy the sheets of the old "
	     "one");
	return EXIT_FINE;
}
