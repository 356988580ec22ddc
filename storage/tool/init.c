/*
 * init.c - saqta init: the data directory, the log, the keyring, the paper key
 * and the first custodian. Run once, at the console.
 */
#include "storage/tool/init.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/guess.h"
#include "storage/keyring.h"
#include "storage/ledger.h"
#include "storage/people.h"
#include "storage/setup.h"
#include "storage/site.h"
#include "storage/tool/console.h"
#include "storage/tool/factor.h"
#include "storage/tool/paper.h"
#include "storage/tool/setup.h"

static const char usage[] =
    "usage: saqta init [--config FILE] --origin NAME --custodian USER\n"
    "                  [--name FULL-NAME] [--zone ZONE] [--paper-file FILE]\n"
    "                  [--factor-file FILE] [-]\n"
    "  --origin      name of this site's log, such as bank.example/almaty-12\n"
    "  --custodian   user name of the first custodian; the password is asked "
    "for,\n"
    "                or read from standard input with -\n"
    "  --paper-file  write the paper key there as an age identity instead of "
    "printing\n"
    "                its two halves: for demonstrations only\n"
    "  --factor-file write the custodian's second factor there instead of "
    "showing it\n";

struct making {
	struct config conf;
	const char *config, *origin, *user, *name, *zone, *paper_file,
	    *factor_file;
	bool from_stdin;
	char password[PASSWORD_MAX + 2];
	int data_fd;
	struct site site;
	struct age_identity paper;
	struct person_row first;
	char factor[FACTOR_URI];
	struct setup setup;
	char code[SETUP_CODE_TEXT];
	unsigned char log_key[KEY_BYTES];
	struct utc now;
};

static enum err make_first(struct making *s)
{
	struct secret secret;
	enum err err;

	s->first.id = 1;
	s->first.role = ROLE_CUSTODIAN;
	s->first.created_ns = s->now.ns;
	snprintf(s->first.user, sizeof(s->first.user), "%s", s->user);
	snprintf(s->first.name, sizeof(s->first.name), "%s", s->name);
	err = person_make(&s->first, s->password, &secret);
	if (err)
		return err;
	person_sign(&s->first, 1, secret.seed); /* the root signs himself */
	err = factor_uri(secret.factor, s->conf.site_name, s->user, s->factor);
	crypt_wipe(&secret, sizeof(secret));
	return err;
}

static enum err put_begin(struct making *s, struct ledger *l)
{
	char paper[RECIPIENT_TEXT];
	struct entry e;
	uint64_t i;
	enum err err;

	recipient_format(&s->site.paper, paper);
	entry_begin(&e, ENTRY_LOG_BEGINS, s->now, 0);
	entry_put_text(&e, TAG_PAPER, paper);
	entry_put_text(&e, TAG_ORIGIN, s->site.origin);
	entry_put_bytes(&e, TAG_LOG_KEY, s->log_key, KEY_BYTES);
	entry_put_text(&e, TAG_ZONE, s->site.zone);
	entry_put_bytes(&e, TAG_PAPER_SIGN, s->site.paper_sign[0], KEY_BYTES);
	err = entry_end(&e);
	return err ? err : ledger_put(l, &e, &i);
}

/* Entry 1: the root of trust. Its name is a commitment like all names. */
static enum err put_first(struct making *s, struct ledger *l, struct index *ix)
{
	unsigned char salt[COMMITMENT_SALT], name[HASH_BYTES];
	const struct person_row *p = &s->first;
	struct entry e;
	uint64_t i;
	enum err err;

	commitment_make(p->name, salt, name);
	entry_begin(&e, ENTRY_PERSON, s->now, p->id);
	entry_put_u64(&e, TAG_PERSON, p->id);
	entry_put_u64(&e, TAG_ROLE, p->role);
	entry_put_text(&e, TAG_RECIPIENT, p->recipient);
	entry_put_bytes(&e, TAG_SIGN_KEY, p->sign_key, KEY_BYTES);
	entry_put_u64(&e, TAG_SIGNER, p->signer);
	entry_put_bytes(&e, TAG_SIGNATURE, p->signature, SIGN_BYTES);
	entry_put_bytes(&e, TAG_NAME, name, sizeof(name));
	err = entry_end(&e);
	if (!err)
		err = ledger_put(l, &e, &i);
	return err ? err : index_text_put(ix, i, TAG_NAME, salt, p->name);
}

static enum err make_all(struct making *s)
{
	struct ledger *l = NULL;
	struct index *ix = NULL;
	size_t cut;
	enum err err = make_first(s);

	if (!err)
		err = ledger_create(s->data_fd, s->origin, s->log_key);
	if (!err)
		err = keyring_create(s->data_fd);
	if (!err)
		err = index_open(s->conf.data, false, &ix);
	if (!err)
		err = index_person_put(ix, &s->first);
	if (!err)
		err = setup_put(ix, &s->setup);
	if (!err)
		err = ledger_open(s->data_fd, &l, &cut);
	if (!err)
		err = put_begin(s, l);
	if (!err)
		err = put_first(s, l, ix);
	if (!err)
		err = ledger_commit(l);
	if (!err)
		err = ledger_checkpoint(l);
	ledger_close(l);
	index_close(ix);
	/* last: a directory without it is not a site */
	return err ? err : site_write(s->data_fd, &s->site);
}

static bool write_paper_file(const struct making *s)
{
	char text[IDENTITY_TEXT];
	bool ok;

	identity_format(&s->paper, text);
	ok = write_demo_file("--paper-file", s->paper_file, text, s->conf.demo);
	crypt_wipe(text, sizeof(text));
	return ok;
}

/* At a terminal it is asked for until it is a good one. */
static bool first_password(struct making *s, bool piped)
{
	if (!piped)
		printf("A password for %s: %d characters at least, best three "
		       "or four words that nobody connects with him.\n",
		    s->user, PASSWORD_MIN);
	fflush(stdout);
	while (ask_secret("Password of the first custodian", piped, !piped,
	    s->password, sizeof(s->password))) {
		if (!password_ok(s->password))
			fprintf(stderr,
			    "saqta: a password has %d to %d characters\n",
			    PASSWORD_MIN, PASSWORD_MAX);
		else if (guess_is_soon(s->password, s->user, s->name))
			fprintf(stderr, "saqta: %s\n", err_text(ERR_COMMON));
		else
			return true;
		if (piped)
			break;
	}
	return false;
}

static bool arguments(struct making *s, int argc, char **argv)
{
	static const char *const keys[] = {"--config", "--origin",
	    "--custodian", "--name", "--zone", "--paper-file", "--factor-file",
	    NULL, NULL};
	const char *v[7] = {0}, *words[1];
	size_t n;

	if (!options(argc, argv, keys, v, words, 1, &n) || !v[1] || !v[2] ||
	    (n && strcmp(words[0], "-"))) {
		fputs(usage, stderr);
		return false;
	}
	s->config = v[0];
	s->origin = v[1];
	s->user = v[2];
	s->name = v[3] ? v[3] : v[2];
	s->paper_file = v[5];
	s->factor_file = v[6];
	s->from_stdin = n == 1;
	if (!tool_config(v[0], &s->conf))
		return false;
	s->zone = v[4] ? v[4] : s->conf.zone;
	if (!user_name_ok(s->user)) {
		fprintf(stderr,
		    "saqta: a user name is 2 to 32 of a-z, 0-9, "
		    ". _ -\n");
		return false;
	}
	if (strlen(s->origin) > 100 || strpbrk(s->origin, " \t\n+")) {
		fprintf(stderr,
		    "saqta: an origin has at most 100 characters, "
		    "no spaces and no +\n");
		return false;
	}
	if (utc_site(s->zone)) {
		fprintf(stderr, "saqta: there is no time zone %s\n", s->zone);
		return false;
	}
	return first_password(s, n == 1);
}

/* Why nothing may begin in a data directory; false: it is empty of ours. */
static bool is_taken(const struct making *s, char *why, size_t n)
{
	const char *data = s->conf.data;
	struct site site;

	if (site_read(s->data_fd, &site) != ERR_NOT_FOUND)
		snprintf(why, n,
		    "there is a site already; nothing was changed. If nothing "
		    "was recorded yet, saqta destroy ends it, to begin again");
	else if (!faccessat(s->data_fd, "footage", F_OK, 0))
		snprintf(why, n,
		    "there is footage without a site: this is no new box; "
		    "saqta restore puts a backup beside it");
	else if (!faccessat(s->data_fd, "ledger", F_OK, 0))
		snprintf(why, n,
		    "an earlier saqta init broke off, before it showed a key. "
		    "Begin again after: rm -r %s/ledger; rm -rf %s/keyring "
		    "%s/index.db*",
		    data, data, data);
	else
		return false;
	return true;
}

int tool_init(int argc, char **argv)
{
	static struct making s;
	char why[700];
	enum err err;

	if (crypt_init() || !arguments(&s, argc, argv))
		return EXIT_USAGE;
	umask(077);
	if (!become_owner(s.conf.data))
		return EXIT_FAILED;
	s.data_fd = open(s.conf.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s.data_fd < 0) {
		fprintf(stderr, "saqta: %s: %s\n", s.conf.data,
		    strerror(errno));
		return EXIT_FAILED;
	}
	if (is_taken(&s, why, sizeof(why))) {
		fprintf(stderr, "saqta: %s: %s\n", s.conf.data, why);
		return EXIT_FAILED;
	}
	s.now = utc_now();
	identity_new(&s.paper);
	snprintf(s.site.origin, sizeof(s.site.origin), "%s", s.origin);
	snprintf(s.site.zone, sizeof(s.site.zone), "%s", s.zone);
	identity_recipient(&s.paper, &s.site.paper);
	paper_sign_public(&s.paper, s.site.paper_sign[0]);
	s.site.paper_n = 1;
	setup_code_make(&s.setup, s.now, s.code);
	s.site.created_ns = s.now.ns;
	err = make_all(&s);
	crypt_wipe(s.password, sizeof(s.password));
	if (err) {
		fprintf(stderr, "saqta: %s: %s\n", s.conf.data, err_text(err));
		return EXIT_FAILED;
	}
	if (!geteuid() || seteuid(0) == 0)
		(void)!setegid(0);
	if (s.paper_file) {
		if (!write_paper_file(&s))
			return EXIT_FAILED;
	} else if (!paper_show(&s.paper, s.from_stdin)) {
		fprintf(stderr,
		    "saqta: the sheets of the paper key were not "
		    "compared: make another one (saqta paper "
		    "replace)\n");
	}
	crypt_wipe(&s.paper, sizeof(s.paper));
	if (!show_factor(s.user, s.factor, s.factor_file, s.conf.demo,
		s.from_stdin))
		return EXIT_FAILED;
	crypt_wipe(s.factor, sizeof(s.factor));
	printf("Site %s is ready. Start saqta-storage, saqta-recorder and "
	       "saqta-web.\n",
	    s.origin);
	setup_show(s.config, &s.conf, s.code);
	crypt_wipe(s.code, sizeof(s.code));
	return EXIT_FINE;
}
