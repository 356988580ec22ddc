#include "storage/kek.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "storage/disk.h"

#define DIR_NAME "keyring"

static const char *const names[KEK_SLOTS] = {"kek", "kek-b"};
static const char *const paths[KEK_SLOTS] = {
    DIR_NAME "/kek", DIR_NAME "/kek-b"};

/* In place: what stood there is overwritten, not merely let go. */
static enum err overwrite(int data_fd, unsigned slot,
    const char text[IDENTITY_TEXT])
{
	uint64_t size;
	int fd;
	enum err err = disk_open_append(data_fd, paths[slot], &fd, &size);

	if (err)
		return err;
	err = disk_pwrite(fd, text, IDENTITY_TEXT, 0);
	if (!err && size > IDENTITY_TEXT && ftruncate(fd, IDENTITY_TEXT) < 0)
		err = ERR_DISK;
	if (!err)
		err = disk_sync(fd);
	close(fd);
	return err;
}

enum err kek_store(int data_fd, unsigned slot, const struct age_identity *kek)
{
	char text[IDENTITY_TEXT];
	enum err err;

	identity_format(kek, text);
	text[IDENTITY_TEXT - 1] = '\n';
	if (faccessat(data_fd, paths[slot], F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		err = overwrite(data_fd, slot, text);
	else
		err = disk_replace(data_fd, DIR_NAME, names[slot], text,
		    sizeof(text));
	crypt_wipe(text, sizeof(text));
	return err;
}

enum err kek_load(int data_fd, unsigned slot, struct age_identity *ret)
{
	static const char empty[IDENTITY_TEXT];
	char text[IDENTITY_TEXT + 1];
	size_t n;
	enum err err;

	err = disk_read(data_fd, paths[slot], text, IDENTITY_TEXT, &n);
	if (!err && n == IDENTITY_TEXT && !memcmp(text, empty, n))
		return ERR_NOT_FOUND;
	if (!err && (n != IDENTITY_TEXT || text[n - 1] != '\n'))
		err = ERR_FORMAT;
	if (!err) {
		text[n - 1] = '\0';
		err = identity_parse(text, ret);
	}
	crypt_wipe(text, sizeof(text));
	return err;
}

enum err kek_destroy(int data_fd, unsigned slot)
{
	static const char empty[IDENTITY_TEXT];

	if (faccessat(data_fd, paths[slot], F_OK, AT_SYMLINK_NOFOLLOW))
		return OK;
	return overwrite(data_fd, slot, empty);
}
