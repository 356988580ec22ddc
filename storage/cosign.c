#include "storage/cosign.h"

#include <stdio.h>
#include <string.h>

#include "storage/api/utc.h"
#include "storage/bytes.h"

#define LINES_MAX 100
#define MESSAGE_MAX (64 + NOTE_MAX)

enum err vkey_parse(const char *s, struct vkey *ret)
{
	unsigned char both[1 + KEY_BYTES], id[NOTE_KEY_ID];
	char hex[2 * NOTE_KEY_ID + 1];
	struct vkey k = {.kind = 0};
	size_t name = strcspn(s, "+"), got;
	const char *hash = s + name + 1;

	if (!note_name_ok(s, name) || s[name] != '+' ||
	    strcspn(hash, "+") != 2 * NOTE_KEY_ID ||
	    hash[2 * NOTE_KEY_ID] != '+')
		return ERR_FORMAT;
	memcpy(k.name, s, name);
	s = hash + 2 * NOTE_KEY_ID + 1;
	if (b64_decode(s, strlen(s), true, both, sizeof(both), &got) ||
	    got != sizeof(both) ||
	    (both[0] != NOTE_ED25519 && both[0] != NOTE_COSIGNATURE))
		return ERR_FORMAT;
	k.kind = both[0];
	memcpy(k.key, both + 1, KEY_BYTES);
	note_key_id_of(k.name, k.kind, k.key, id);
	hex_encode(id, sizeof(id), hex);
	if (memcmp(hex, hash, sizeof(hex) - 1) != 0)
		return ERR_FORMAT;
	*ret = k;
	return OK;
}

void vkey_format(const struct vkey *k, char out[VKEY_TEXT])
{
	unsigned char both[1 + KEY_BYTES] = {k->kind}, id[NOTE_KEY_ID];
	char b64[B64_LEN(sizeof(both))], hex[2 * NOTE_KEY_ID + 1];

	memcpy(both + 1, k->key, KEY_BYTES);
	note_key_id_of(k->name, k->kind, k->key, id);
	hex_encode(id, sizeof(id), hex);
	b64_encode(both, sizeof(both), true, b64);
	snprintf(out, VKEY_TEXT, "%s+%s+%s", k->name, hex, b64);
}

/* What is signed: two lines, then the whole text of the checkpoint. */
static size_t message(const void *text, size_t text_n, int64_t time_s,
    char out[MESSAGE_MAX])
{
	int n = snprintf(out, MESSAGE_MAX, "cosignature/v1\ntime %lld\n",
	    (long long)time_s);

	if (text_n > MESSAGE_MAX - (size_t)n)
		text_n = MESSAGE_MAX - (size_t)n;
	memcpy(out + n, text, text_n);
	return (size_t)n + text_n;
}

void cosign_line(const void *text, size_t text_n, const struct vkey *witness,
    const unsigned char seed[KEY_BYTES], int64_t time_s,
    char out[COSIGN_LINE_MAX])
{
	unsigned char both[NOTE_KEY_ID + COSIGN_BYTES];
	char said[MESSAGE_MAX], b64[B64_LEN(sizeof(both))];

	note_key_id_of(witness->name, NOTE_COSIGNATURE, witness->key, both);
	be_put(both + NOTE_KEY_ID, (uint64_t)time_s, 8);
	sign(seed, said, message(text, text_n, time_s, said),
	    both + NOTE_KEY_ID + 8);
	b64_encode(both, sizeof(both), true, b64);
	snprintf(out, COSIGN_LINE_MAX, "\xe2\x80\x94 %s %s\n", witness->name,
	    b64);
}

int64_t cosign_time_s(const unsigned char cosignature[COSIGN_BYTES])
{
	uint64_t time_s = be_get(cosignature, 8);

	return time_s > INT64_MAX / NS_PER_SEC ? -1 : (int64_t)time_s;
}

enum err cosign_check(const void *text, size_t text_n,
    const unsigned char key[KEY_BYTES],
    const unsigned char cosignature[COSIGN_BYTES], int64_t *ret_time_s)
{
	int64_t time_s = cosign_time_s(cosignature);
	char said[MESSAGE_MAX];
	size_t n;

	if (time_s < 0 || text_n > NOTE_MAX)
		return ERR_INTEGRITY;
	n = message(text, text_n, time_s, said);
	if (sign_check(key, said, n, cosignature + 8))
		return ERR_INTEGRITY;
	*ret_time_s = time_s;
	return OK;
}

enum err cosign_find(const void *note, size_t n, const struct vkey *witness,
    unsigned char ret[COSIGN_BYTES], int64_t *ret_time_s)
{
	unsigned char id[NOTE_KEY_ID];
	struct note_signature sig;
	size_t text_n, pos;
	int64_t at, newest = -1;
	enum err e = note_text(note, n, &text_n);
	int lines = 0;

	if (e)
		return e;
	note_key_id_of(witness->name, NOTE_COSIGNATURE, witness->key, id);
	pos = text_n + 1;
	while (!(e = note_next(note, n, &pos, &sig))) {
		if (++lines > LINES_MAX)
			return ERR_FORMAT;
		if (!note_signature_is(&sig, witness->name, id,
			NOTE_KEY_ID + COSIGN_BYTES))
			continue;
		e = cosign_check(note, text_n, witness->key,
		    sig.bytes + NOTE_KEY_ID, &at);
		if (e)
			return e;
		if (at <= newest)
			continue;
		newest = at;
		memcpy(ret, sig.bytes + NOTE_KEY_ID, COSIGN_BYTES);
	}
	if (e != ERR_NOT_FOUND)
		return e;
	if (newest < 0)
		return ERR_NO_KEY;
	*ret_time_s = newest;
	return OK;
}
