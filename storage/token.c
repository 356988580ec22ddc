#include "storage/token.h"

#include <stdio.h>
#include <string.h>

#define PREFIX "saqta_"
#define PREFIX_N (sizeof(PREFIX) - 1)
#define SECRET_BYTES 32

static const struct {
	enum scope scope;
	const char *name;
} scopes[] = {
    {SCOPE_HEALTH_READ, "health:read"},
    {SCOPE_TRANSACTIONS_WRITE, "transactions:write"},
    {SCOPE_ALERTS_WRITE, "alerts:write"},
};
#define SCOPES (sizeof(scopes) / sizeof(scopes[0]))

void token_make(char ret[TOKEN_TEXT], unsigned char ret_hash[HASH_BYTES])
{
	unsigned char secret[SECRET_BYTES];
	char text[B64_LEN(SECRET_BYTES)];

	crypt_random(secret, sizeof(secret));
	b64_encode(secret, sizeof(secret), false, text);
	/* base64url (RFC 4648, 5): nothing that a shell or a URL minds */
	for (char *p = text; *p; p++)
		*p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
	memcpy(ret, PREFIX, PREFIX_N);
	memcpy(ret + PREFIX_N, text, TOKEN_TEXT - PREFIX_N);
	sha256(ret, TOKEN_TEXT - 1, ret_hash);
	crypt_wipe(secret, sizeof(secret));
	crypt_wipe(text, sizeof(text));
}

enum err token_hash(const char *text, unsigned char ret[HASH_BYTES])
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789-_";

	if (strlen(text) != TOKEN_TEXT - 1 ||
	    strncmp(text, PREFIX, PREFIX_N) != 0 ||
	    strspn(text + PREFIX_N, letters) != TOKEN_TEXT - 1 - PREFIX_N)
		return ERR_TOKEN;
	sha256(text, TOKEN_TEXT - 1, ret);
	return OK;
}

/* The scope of the n bytes at s; 0: none. */
static unsigned find(const char *s, size_t n)
{
	for (size_t i = 0; i < SCOPES; i++)
		if (strlen(scopes[i].name) == n &&
		    !memcmp(scopes[i].name, s, n))
			return scopes[i].scope;
	return 0;
}

enum err token_scopes_parse(const char *s, unsigned *ret)
{
	unsigned all = 0;

	for (;;) {
		size_t n = strcspn(s, " ");
		unsigned one = find(s, n);

		if (!one || all & one)
			return ERR_INVALID;
		all |= one;
		if (!s[n])
			break;
		s += n + 1;
	}
	*ret = all;
	return OK;
}

char *token_scopes_format(unsigned all, char ret[TOKEN_SCOPE_TEXT])
{
	size_t n = 0;

	*ret = '\0';
	for (size_t i = 0; i < SCOPES; i++)
		if (all & scopes[i].scope && n < TOKEN_SCOPE_TEXT)
			n += (size_t)snprintf(ret + n, TOKEN_SCOPE_TEXT - n,
			    "%s%s", n ? " " : "", scopes[i].name);
	return ret;
}

bool token_take(struct token_rate *r, struct mono now)
{
	double gone = (double)(now.ns - r->at_ns) / (double)NS_PER_SEC;

	r->used -= gone > 0 ? gone * TOKEN_PER_S : 0;
	if (r->used < 0)
		r->used = 0;
	r->at_ns = now.ns;
	if (r->used + 1 > TOKEN_BURST)
		return false;
	r->used += 1;
	return true;
}
