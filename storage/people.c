#include "storage/people.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIGNED_MAX 256
#define CHAIN_MAX 16 /* custodians between a person and the root */

static const char *const roles[] = {
    [ROLE_OPERATOR] = "operator",
    [ROLE_AUDITOR] = "auditor",
    [ROLE_CUSTODIAN] = "custodian",
};

const char *role_name(enum role r)
{
	return r >= ROLE_OPERATOR && r <= ROLE_CUSTODIAN ? roles[r] : "unknown";
}

static const char *const reasons[] = {
    "other", "dispute", "cash", "fraud", "attack", "authority", "audit"};
#define REASONS (sizeof(reasons) / sizeof(reasons[0]))

const char *reason_code_name(unsigned code)
{
	return code < REASONS ? reasons[code] : reasons[0];
}

enum err reason_code_parse(const char *s, unsigned *ret)
{
	for (unsigned i = 0; i < REASONS; i++)
		if (!strcmp(s, reasons[i])) {
			*ret = i;
			return OK;
		}
	return ERR_INVALID;
}

enum err role_parse(const char *s, enum role *ret)
{
	for (enum role r = ROLE_OPERATOR; r <= ROLE_CUSTODIAN; r++)
		if (!strcmp(s, roles[r])) {
			*ret = r;
			return OK;
		}
	return ERR_INVALID;
}

static bool name_ok(const char *s, size_t min, size_t max, const char *extra)
{
	size_t n = strlen(s);

	if (n < min || n > max || strchr(extra, s[0]))
		return false;
	for (; *s; s++)
		if (!islower((unsigned char)*s) &&
		    !isdigit((unsigned char)*s) && !strchr(extra, *s))
			return false;
	return true;
}

bool user_name_ok(const char *s)
{
	return name_ok(s, 2, 32, "._-");
}

bool camera_id_ok(const char *s)
{
	return name_ok(s, 1, CAMERA_ID_MAX, "-");
}

/* The bytes that a custodian signs (storage/DESIGN.md, "People"). */
static size_t signed_bytes(const struct person_row *p, uint64_t signer,
    unsigned char out[SIGNED_MAX])
{
	unsigned char *at = out;

	at = (unsigned char *)stpcpy((char *)at, "saqta person v1\n");
	for (int i = 56; i >= 0; i -= 8)
		*at++ = (unsigned char)(p->id >> i);
	*at++ = (unsigned char)p->role;
	for (int i = 56; i >= 0; i -= 8)
		*at++ = (unsigned char)((uint64_t)p->created_ns >> i);
	at = (unsigned char *)stpcpy((char *)at, p->recipient);
	*at++ = '\n';
	memcpy(at, p->sign_key, KEY_BYTES);
	at += KEY_BYTES;
	for (int i = 56; i >= 0; i -= 8)
		*at++ = (unsigned char)(signer >> i);
	return (size_t)(at - out);
}

bool password_ok(const char *s)
{
	size_t n = strlen(s);

	if (n < PASSWORD_MIN || n > PASSWORD_MAX)
		return false;
	for (; *s; s++)
		if (iscntrl((unsigned char)*s))
			return false;
	return true;
}

bool person_has_factor(const struct person_row *p)
{
	return p->sealed_n > SEALED_EXTRA + KEY_BYTES;
}

enum err person_seal(struct person_row *p, const char *password,
    const struct secret *secret)
{
	unsigned char s[SECRET_MAX];
	size_t n = KEY_BYTES;
	enum err err;

	if (!password_ok(password))
		return ERR_INVALID;
	memcpy(s, secret->seed, KEY_BYTES);
	if (secret->has_factor) {
		memcpy(s + n, secret->factor, FACTOR_BYTES);
		n += FACTOR_BYTES;
	}
	err = secret_seal(password, strlen(password), s, n, p->sealed,
	    &p->sealed_n);
	crypt_wipe(s, sizeof(s));
	return err;
}

enum err person_make(struct person_row *p, const char *password,
    struct secret *ret)
{
	unsigned char sign_seed[KEY_BYTES];
	struct age_identity id;
	struct age_recipient r;
	struct secret secret = {.has_factor = p->role == ROLE_CUSTODIAN};
	enum err err;

	if (!user_name_ok(p->user))
		return ERR_INVALID;
	crypt_random(secret.seed, KEY_BYTES);
	if (secret.has_factor)
		crypt_random(secret.factor, FACTOR_BYTES);
	seed_identity(secret.seed, &id);
	identity_recipient(&id, &r);
	recipient_format(&r, p->recipient);
	seed_sign_seed(secret.seed, sign_seed);
	sign_public(sign_seed, p->sign_key);
	crypt_wipe(sign_seed, sizeof(sign_seed));
	crypt_wipe(&id, sizeof(id));
	err = person_seal(p, password, &secret);
	if (!err)
		*ret = secret;
	crypt_wipe(&secret, sizeof(secret));
	return err;
}

/* The password of a credential; its code, or "". */
static size_t split(const char *credential, const char **ret_code)
{
	const char *lf = strchr(credential, '\n');

	*ret_code = lf ? lf + 1 : "";
	return lf ? (size_t)(lf - credential) : strlen(credential);
}

enum err person_open(const struct person_row *p, const char *credential,
    struct utc now, struct secret *ret, uint64_t *ret_step)
{
	unsigned char s[SECRET_MAX];
	struct secret secret = {0};
	const char *code;
	size_t password_n = split(credential, &code), n = 0;
	uint64_t step = 0;
	enum err err = secret_unseal(credential, password_n, p->sealed,
	    p->sealed_n, s, &n);

	if (!err && n != KEY_BYTES && n != KEY_BYTES + FACTOR_BYTES)
		err = ERR_FORMAT;
	if (!err) {
		memcpy(secret.seed, s, KEY_BYTES);
		secret.has_factor = n > KEY_BYTES;
	}
	if (!err && secret.has_factor) {
		memcpy(secret.factor, s + KEY_BYTES, FACTOR_BYTES);
		err = factor_check(secret.factor, code, now, &step);
	} else if (!err && p->role == ROLE_CUSTODIAN) {
		err = ERR_FACTOR;
	}
	if (!err) {
		*ret = secret;
		*ret_step = step;
	}
	crypt_wipe(s, sizeof(s));
	crypt_wipe(&secret, sizeof(secret));
	return err;
}

enum err person_open_nobody(const char *credential)
{
	unsigned char seed[KEY_BYTES] = {0}, sealed[SEALED_SEED_MAX];
	const char *code;
	size_t n, password_n = split(credential, &code);
	enum err err =
	    secret_seal(credential, password_n, seed, sizeof(seed), sealed, &n);

	return err ? err : ERR_PASSWORD;
}

void person_sign(struct person_row *p, uint64_t signer,
    const unsigned char signer_seed[KEY_BYTES])
{
	unsigned char buf[SIGNED_MAX], sign_seed[KEY_BYTES];

	p->signer = signer;
	seed_sign_seed(signer_seed, sign_seed);
	sign(sign_seed, buf, signed_bytes(p, signer, buf), p->signature);
	crypt_wipe(sign_seed, sizeof(sign_seed));
}

void person_sign_paper(struct person_row *p, const struct age_identity *paper)
{
	unsigned char buf[SIGNED_MAX], seed[KEY_BYTES];

	p->signer = 0;
	paper_sign_seed(paper, seed);
	sign(seed, buf, signed_bytes(p, 0, buf), p->signature);
	crypt_wipe(seed, sizeof(seed));
}

/* A custodian whom a paper key of the site signed. */
static bool paper_signed(const struct person_row *p, const struct roots *r)
{
	unsigned char buf[SIGNED_MAX];
	size_t n = signed_bytes(p, 0, buf);

	for (size_t i = 0; i < r->paper_n; i++)
		if (!sign_check(r->paper[i], buf, n, p->signature))
			return p->role == ROLE_CUSTODIAN;
	return false;
}

/*
 * Follow the signers up to one who signed himself and whose key is the root, or
 * whom the paper key signed. A loop that avoids these ends at CHAIN_MAX.
 */
enum err person_check(struct index *ix, const struct person_row *p,
    const struct roots *roots)
{
	struct person_row at = *p, signer;
	unsigned char buf[SIGNED_MAX];

	if (p->role != ROLE_AUDITOR && p->role != ROLE_CUSTODIAN)
		return ERR_INTEGRITY;
	for (int i = 0; i < CHAIN_MAX; i++) {
		if (!at.signer)
			return paper_signed(&at, roots) ? OK : ERR_INTEGRITY;
		if (index_person_find(ix, at.signer, &signer) ||
		    signer.role != ROLE_CUSTODIAN ||
		    sign_check(signer.sign_key, buf,
			signed_bytes(&at, at.signer, buf), at.signature))
			return ERR_INTEGRITY;
		if (at.id == signer.id)
			return crypt_equal(at.sign_key, roots->first,
				   KEY_BYTES) ?
			    OK :
			    ERR_INTEGRITY;
		at = signer;
	}
	return ERR_INTEGRITY;
}

struct whom {
	uint64_t but;
	bool deputies;
	struct reminded *to;
};

static enum err add_custodian(const struct person_row *p, void *arg)
{
	struct whom *x = arg;

	if (p->role != ROLE_CUSTODIAN || p->ended_ns || p->id == x->but ||
	    p->deputy != x->deputies || x->to->n == AGE_RECIPIENTS_MAX)
		return OK;
	x->to->ids[x->to->n++] = p->id;
	x->to->deputies += p->deputy;
	return OK;
}

enum err people_to_remind(struct index *ix, uint64_t requester, int64_t days,
    struct reminded *ret)
{
	struct whom x = {.but = requester, .to = ret};
	enum err err;

	*ret = (struct reminded){0};
	err = index_people(ix, add_custodian, &x);
	x.deputies = true;
	if (!err && (days >= DEPUTY_DAYS || !ret->n))
		err = index_people(ix, add_custodian, &x);
	return err;
}

struct gather {
	struct person_row *rows;
	size_t n;
};

static enum err gather_one(const struct person_row *p, void *arg)
{
	struct gather *g = arg;

	if (p->role != ROLE_CUSTODIAN || p->ended_ns)
		return OK;
	if (g->n == AGE_RECIPIENTS_MAX - 1)
		return ERR_TOO_LARGE;
	g->rows[g->n++] = *p;
	return OK;
}

enum err custodian_recipients(struct index *ix, const struct roots *roots,
    const struct age_recipient *paper,
    struct age_recipient ret[AGE_RECIPIENTS_MAX],
    uint64_t ret_ids[AGE_RECIPIENTS_MAX], size_t *ret_n)
{
	struct gather g = {0};
	size_t n = 0;
	enum err err;

	g.rows = calloc(AGE_RECIPIENTS_MAX, sizeof(*g.rows));
	if (!g.rows)
		return ERR_NO_MEMORY;
	err = index_people(ix, gather_one, &g);
	for (size_t i = 0; !err && i < g.n; i++) {
		err = person_check(ix, &g.rows[i], roots);
		if (!err)
			err = recipient_parse(g.rows[i].recipient, &ret[n]);
		if (!err)
			ret_ids[n++] = g.rows[i].id;
	}
	free(g.rows);
	if (err)
		return err;
	ret[n] = *paper;
	ret_ids[n++] = 0;
	*ret_n = n;
	return OK;
}
