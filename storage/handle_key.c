/* handle_key.c - wrapped day keys for a custodian's reader. */
#include <stdlib.h>

#include "storage/keeper.h"

/* Wrapped keys go to custodians' readers only; they are of no use to others. */
void handle_day_key(struct keeper *k, struct conn *c, struct wire *w)
{
	char camera[CAMERA_ID_MAX + 1], day[16], *text = NULL;
	uint32_t id = w->id;
	size_t n = 0;
	int fd = -1;
	enum err err;

	wire_get_text(w, camera, sizeof(camera));
	wire_get_text(w, day, sizeof(day));
	err = wire_end(w);
	if (!err && c->reader->role != ROLE_CUSTODIAN)
		err = ERR_DENIED;
	if (!err)
		err = keyring_day_wrapped(k->keyring, camera, day, &text, &n);
	if (!err)
		err = bulk_from(text, n, &fd);
	free(text);
	if (err) {
		conn_error(c, id, err, NULL);
		return;
	}
	wire_begin(w, MSG_DAY_KEY_IS, id);
	conn_send(c, w, fd);
}

void handle_day_keys_all(struct keeper *k, struct conn *c, struct wire *w)
{
	uint32_t id = w->id;
	char *text = NULL;
	size_t n = 0;
	int fd = -1;
	enum err err = wire_end(w);

	if (!err && c->reader->role != ROLE_CUSTODIAN)
		err = ERR_DENIED;
	if (!err)
		err = keyring_all_days(k->keyring, &text, &n);
	if (!err)
		err = bulk_from(n ? text : "\n", n ? n : 1, &fd);
	free(text);
	if (err) {
		conn_error(c, id, err, NULL);
		return;
	}
	wire_begin(w, MSG_DAY_KEYS_ALL_IS, id);
	conn_send(c, w, fd);
}
