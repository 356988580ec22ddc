#include "recorder/secret.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

_Static_assert(SECRET_KEY_BYTES == crypto_box_SECRETKEYBYTES, "X25519");

static enum err key_read(int fd, struct secret_key *ret)
{
	unsigned char b[SECRET_KEY_BYTES + 1];

	if (read(fd, b, sizeof(b)) != SECRET_KEY_BYTES)
		return ERR_FORMAT;
	memcpy(ret->private, b, SECRET_KEY_BYTES);
	sodium_memzero(b, sizeof(b));
	if (crypto_scalarmult_base(ret->public, ret->private))
		return ERR_FORMAT;
	return OK;
}

/* Under a temporary name first: a key is there whole or not at all. */
static enum err key_make(int dir, struct secret_key *ret)
{
	int fd = openat(dir, "recorder.key.new",
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	enum err err = ERR_SYS;

	if (fd < 0)
		return ERR_SYS;
	crypto_box_keypair(ret->public, ret->private);
	if (write(fd, ret->private, SECRET_KEY_BYTES) == SECRET_KEY_BYTES &&
	    !fsync(fd) &&
	    !renameat(dir, "recorder.key.new", dir, "recorder.key") &&
	    !fsync(dir))
		err = OK;
	close(fd);
	return err;
}

enum err secret_key_open(const char *path, struct secret_key *ret)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd;
	enum err err;

	if (dir < 0 || sodium_init() < 0) {
		if (dir >= 0)
			close(dir);
		return ERR_SYS;
	}
	fd = openat(dir, "recorder.key", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0) {
		err = key_read(fd, ret);
		close(fd);
	} else {
		err = key_make(dir, ret);
	}
	close(dir);
	return err;
}

enum err secret_open(const struct secret_key *k, const void *box, size_t n,
    struct credentials *ret)
{
	unsigned char text[2 * SECRET_TEXT_MAX];
	size_t len, user;
	enum err err = ERR_INTEGRITY;

	memset(ret, 0, sizeof(*ret));
	if (!n)
		return OK;
	if (n < crypto_box_SEALBYTES ||
	    n - crypto_box_SEALBYTES >= sizeof(text) ||
	    crypto_box_seal_open(text, box, n, k->public, k->private))
		return ERR_INTEGRITY;
	len = n - crypto_box_SEALBYTES;
	user = strnlen((char *)text, len);
	if (user == len || user >= SECRET_TEXT_MAX ||
	    len - user - 1 >= SECRET_TEXT_MAX ||
	    memchr(text + user + 1, 0, len - user - 1))
		goto out;
	memcpy(ret->user, text, user);
	memcpy(ret->password, text + user + 1, len - user - 1);
	err = OK;
out:
	sodium_memzero(text, sizeof(text));
	return err;
}

void secret_text(char *buf, size_t n)
{
	unsigned char b[64];
	char hex[2 * sizeof(b) + 1];

	randombytes_buf(b, sizeof(b));
	sodium_bin2hex(hex, sizeof(hex), b, sizeof(b));
	snprintf(buf, n, "%s", hex);
}

void secret_wipe(void *p, size_t n)
{
	sodium_memzero(p, n);
}
