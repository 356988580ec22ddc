/*
 * quick.c - preloaded into most tests and their programs: a password costs
 * nothing there, instead of 256 MiB and half a second of a processor. A box
 * alone begins with seven of them, and what is tried is who may do what, not
 * what guessing costs. crypt_test.c goes without this, and so do the system
 * tests of memory and of floods (lib/appliance.py: quick=False).
 */
#include <sodium.h>

int crypto_pwhash(unsigned char *const out, unsigned long long outlen,
    const char *const passwd, unsigned long long passwdlen,
    const unsigned char *const salt, unsigned long long opslimit,
    size_t memlimit, int alg)
{
	(void)opslimit;
	(void)memlimit;
	return crypto_pwhash_argon2id(out, outlen, passwd, passwdlen, salt,
	    crypto_pwhash_argon2id_OPSLIMIT_MIN,
	    crypto_pwhash_argon2id_MEMLIMIT_MIN, alg);
}
