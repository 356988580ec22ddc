#include "storage/peers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/disk.h"

#define LINE_MAX_N (16 + VKEY_TEXT + WITNESS_URL + WITNESS_PIN)
#define STATE_NAME 33

bool witness_url_ok(const char *s)
{
	size_t n = strlen(s);

	if (n >= WITNESS_URL || strncmp(s, "https://", 8) != 0 || n < 9 ||
	    s[n - 1] == '/' || strpbrk(s + 8, "@?#\\\"<> "))
		return false;
	for (; *s; s++)
		if (*s < '!' || *s > '~')
			return false;
	return true;
}

bool witness_pin_ok(const char *s)
{
	unsigned char hash[HASH_BYTES];
	size_t n;

	if (!*s)
		return true;
	return !strncmp(s, "sha256//", 8) && strlen(s) < WITNESS_PIN &&
	    !b64_decode(s + 8, strlen(s + 8), true, hash, sizeof(hash), &n) &&
	    n == HASH_BYTES;
}

static enum err take_witness(struct peers *p, const char *vkey, const char *url,
    const char *pin)
{
	enum err e;

	if (p->witnesses == WITNESSES_MAX)
		return ERR_TOO_LARGE;
	if (!strcmp(pin, "-"))
		pin = "";
	e = vkey_parse(vkey, &p->witness[p->witnesses].key);
	if (e || p->witness[p->witnesses].key.kind != NOTE_COSIGNATURE ||
	    !witness_url_ok(url) || !witness_pin_ok(pin))
		return ERR_FORMAT;
	strcpy(p->witness[p->witnesses].url, url);
	strcpy(p->witness[p->witnesses++].pin, pin);
	return OK;
}

/* Of the witness whose line stands right before. */
static enum err take_clock(struct peers *p, const char *vkey)
{
	char last[VKEY_TEXT];

	if (!p->witnesses)
		return ERR_FORMAT;
	vkey_format(&p->witness[p->witnesses - 1].key, last);
	if (strcmp(last, vkey) != 0)
		return ERR_FORMAT;
	p->witness[p->witnesses - 1].clock = true;
	return OK;
}

static enum err take_log(struct peers *p, const char *vkey)
{
	if (p->logs == LOGS_MAX)
		return ERR_TOO_LARGE;
	if (vkey_parse(vkey, &p->log[p->logs]) ||
	    p->log[p->logs].kind != NOTE_ED25519)
		return ERR_FORMAT;
	p->logs++;
	return OK;
}

static enum err take(struct peers *p, char *line)
{
	char *word[4] = {NULL};
	int n = 0;

	for (char *s = line; s; n++) {
		if (n == 4)
			return ERR_FORMAT;
		word[n] = s;
		strsep(&s, " ");
	}
	if (n == 4 && !strcmp(word[0], "witness"))
		return take_witness(p, word[1], word[2], word[3]);
	if (n == 2 && !strcmp(word[0], "clock"))
		return take_clock(p, word[1]);
	if (n == 2 && !strcmp(word[0], "log"))
		return take_log(p, word[1]);
	return ERR_FORMAT;
}

enum err peers_parse(const char *p, size_t n, struct peers *ret)
{
	enum err e = OK;

	memset(ret, 0, sizeof(*ret));
	while (n && !e) {
		char line[LINE_MAX_N];
		const char *eol = memchr(p, '\n', n);
		size_t len = eol ? (size_t)(eol - p) : n;

		if (!eol || len >= sizeof(line) || memchr(p, '\0', len))
			return ERR_FORMAT;
		memcpy(line, p, len);
		line[len] = '\0';
		e = take(ret, line);
		p += len + 1;
		n -= len + 1;
	}
	return e;
}

enum err peers_format(const struct peers *p, char *out, size_t room,
    size_t *ret_n)
{
	char vkey[VKEY_TEXT];
	size_t n = 0;

	for (size_t i = 0; i < p->witnesses && n < room; i++) {
		vkey_format(&p->witness[i].key, vkey);
		n += (size_t)snprintf(out + n, room - n, "witness %s %s %s\n",
		    vkey, p->witness[i].url,
		    *p->witness[i].pin ? p->witness[i].pin : "-");
		if (p->witness[i].clock && n < room)
			n += (size_t)snprintf(out + n, room - n, "clock %s\n",
			    vkey);
	}
	for (size_t i = 0; i < p->logs && n < room; i++) {
		vkey_format(&p->log[i], vkey);
		n += (size_t)snprintf(out + n, room - n, "log %s\n", vkey);
	}
	*ret_n = n;
	return n < room ? OK : ERR_TOO_LARGE;
}

enum err peers_load(int data_fd, struct peers *ret)
{
	unsigned char *p;
	size_t n;
	enum err e = disk_read_all(data_fd, "witness/peers", PEERS_MAX, &p, &n);

	memset(ret, 0, sizeof(*ret));
	if (e)
		return e == ERR_NOT_FOUND ? OK : e;
	e = peers_parse((char *)p, n, ret);
	free(p);
	return e;
}

enum err peers_save(int data_fd, const struct peers *p)
{
	char *text = malloc(PEERS_MAX);
	size_t n;
	enum err e = text ? disk_mkdirs(data_fd, "witness") : ERR_NO_MEMORY;

	if (!e)
		e = peers_format(p, text, PEERS_MAX, &n);
	if (!e)
		e = disk_replace(data_fd, "witness", "peers", text, n);
	free(text);
	return e;
}

enum err witness_key(int data_fd, const char *name, struct vkey *ret,
    unsigned char *ret_seed)
{
	unsigned char seed[KEY_BYTES];
	struct vkey k = {.kind = NOTE_COSIGNATURE};
	size_t n;
	enum err e = disk_read(data_fd, "witness/key", seed, KEY_BYTES, &n);

	if (e == ERR_NOT_FOUND) {
		crypt_random(seed, sizeof(seed));
		n = KEY_BYTES;
		e = disk_mkdirs(data_fd, "witness");
		if (!e)
			e = disk_replace(data_fd, "witness", "key", seed, n);
	}
	if (!e && (n != KEY_BYTES || !note_name_ok(name, strlen(name))))
		e = ERR_INTEGRITY;
	if (!e) {
		strcpy(k.name, name);
		sign_public(seed, k.key);
		*ret = k;
		if (ret_seed)
			memcpy(ret_seed, seed, KEY_BYTES);
	}
	crypt_wipe(seed, sizeof(seed));
	return e;
}

/* Origins may have any bytes: half of their hash is the file's name. */
static void state_name(const char *origin, char out[STATE_NAME])
{
	unsigned char hash[HASH_BYTES];

	sha256(origin, strlen(origin), hash);
	hex_encode(hash, (STATE_NAME - 1) / 2, out);
}

enum err witness_known(int data_fd, const char *origin, struct checkpoint *ret)
{
	char path[16 + STATE_NAME] = "witness/", note[NOTE_MAX];
	size_t n;
	enum err e;

	state_name(origin, path + 8);
	e = disk_read(data_fd, path, note, sizeof(note), &n);
	if (e)
		return e == ERR_TOO_LARGE ? ERR_INTEGRITY : e;
	if (checkpoint_parse(note, n, ret) || strcmp(ret->origin, origin) != 0)
		return ERR_INTEGRITY;
	return OK;
}

enum err witness_keep(int data_fd, const char *origin, const char *note,
    size_t n)
{
	char name[STATE_NAME];

	state_name(origin, name);
	return disk_replace(data_fd, "witness", name, note, n);
}
