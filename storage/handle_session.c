/* handle_session.c - who is signed in: listed, ended by others, ended by age. */
#include <stdlib.h>
#include <string.h>

#include "storage/api/log.h"
#include "storage/keeper.h"
#include "storage/reader.h"
#include "storage/view.h"

#define SESSIONS_LISTED 128 /* not less than spawn.c allows */
#define SESSION_NS (12 * 3600 * NS_PER_SEC) /* whatever web says */

/*
 * One's own; a custodian sees and ends those of all, an operator those of
 * operators.
 */
static bool may_see(const struct reader *who, const struct reader *of)
{
	return of->person == who->person || who->role == ROLE_CUSTODIAN ||
	    (who->role == ROLE_OPERATOR && of->role == ROLE_OPERATOR);
}

void handle_sessions(struct keeper *k, struct conn *c, struct wire *w)
{
	struct view v = {.ix = k->ix, .now = k->now};
	struct view_session *rows = calloc(SESSIONS_LISTED, sizeof(*rows));
	uint32_t id = w->id;
	char *json = NULL;
	size_t n = 0;
	enum err err = rows ? wire_end(w) : ERR_NO_MEMORY;

	for (struct reader *r = k->readers; r && !err; r = r->next) {
		if (!r->signed_in || !may_see(c->reader, r) ||
		    n == SESSIONS_LISTED)
			continue;
		rows[n++] = (struct view_session){.id = r->session,
		    .person = r->person,
		    .since_ns = r->since_ns,
		    .address = r->address,
		    .mine = r->person == c->reader->person,
		    .here = r == c->reader};
	}
	if (!err)
		err = view_sessions(&v, rows, n, &json);
	free(rows);
	if (err)
		conn_error(c, id, err, NULL);
	else
		conn_json(c, MSG_SESSIONS_IS, id, json);
}

static enum err enter_ended(struct keeper *k, uint64_t by,
    const struct reader *r)
{
	struct enter x;

	enter_begin(k, &x, ENTRY_SESSION_ENDED, by);
	entry_put_u64(&x.e, TAG_PERSON, r->person);
	entry_put_u64(&x.e, TAG_SESSION, r->session);
	return enter_end(k, &x, NULL);
}

void handle_session_end(struct keeper *k, struct conn *c, struct wire *w)
{
	uint64_t session = wire_get_u64(w);
	bool given = wire_get_u8(w) != 0;
	struct reader *r = k->readers;
	enum err err = wire_end(w);

	while (r &&
	    (!r->signed_in || r->session != session || !may_see(c->reader, r)))
		r = r->next;
	if (!err && !r)
		err = ERR_NOT_FOUND;
	/* another person's: who ends it has shown who he is, just now */
	if (!err && r->person != c->reader->person && !given)
		err = ERR_PASSWORD;
	if (!err)
		err = enter_ended(k, c->reader->person, r);
	if (err) {
		conn_error(c, w->id, err,
		    err == ERR_PASSWORD ? "The session of somebody else ends "
					  "with your own password and code." :
					  NULL);
		return;
	}
	if (r->conn)
		r->conn->closing = true;
	conn_ok(c, w->id);
}

void sessions_tick(struct keeper *k)
{
	for (struct reader *r = k->readers; r; r = r->next)
		if (r->signed_in && r->conn &&
		    k->mono.ns - r->signed_ns > SESSION_NS)
			r->conn->closing = true;
}
