/*
 * dispatch.c - the attack surface of the keeper: who may ask what, and what is
 * entered in the ledger for it.
 */
#include <unistd.h>

#include "storage/api/log.h"
#include "storage/keeper_draft.h"
#include "storage/keeper_machine.h"
#include "storage/keeper_transaction.h"
#include "storage/spawn.h"

#define TOOL PEER_CONTROL
#define OPERATOR (TOOL | PEER_READER) /* the handler asks may_onboard() */
#define ANY (PEER_INGEST | PEER_SUPERVISOR | PEER_PEOPLE | TOOL)

static void handle_expect(struct keeper *k, struct conn *c, struct wire *w)
{
	struct expected *e = &c->expects;

	(void)k;
	e->thing = (enum thing)wire_get_u8(w);
	wire_get_text(w, e->id, sizeof(e->id));
	wire_get_text(w, e->etag, sizeof(e->etag));
	if (wire_end(w))
		c->closing = true;
}

static const struct row {
	uint16_t type;
	unsigned who;
	void (*handle)(struct keeper *, struct conn *, struct wire *);
	enum entry_type entered; /* 0: nothing */
} table[] = {
    {MSG_SITE, ANY, handle_site, 0},
    {MSG_HELLO_RECORDER, PEER_INGEST, handle_hello_recorder, 0},
    {MSG_HELLO_CAMERA, PEER_INGEST, handle_hello_camera, 0},
    {MSG_CAMERA_NEXT, PEER_SUPERVISOR, handle_camera_next, 0},
    {MSG_CAMERA_STATE, PEER_SUPERVISOR, handle_camera_state, ENTRY_GAP_OPENED},
    {MSG_RECORDER_STOPPING, PEER_SUPERVISOR, handle_recorder_stopping,
	ENTRY_GAP_OPENED},
    {MSG_SEGMENT_BEGIN, PEER_CAMERA, handle_segment_begin, ENTRY_GAP_CLOSED},
    {MSG_FRAGMENT, PEER_CAMERA, handle_fragment, ENTRY_HEADS},
    {MSG_SEGMENT_END, PEER_CAMERA, handle_segment_end, ENTRY_SEGMENT},
    {MSG_PICTURE_IS, PEER_CAMERA, handle_picture_is, ENTRY_READ_BACK},
    {MSG_SCENE, PEER_CAMERA, handle_scene, ENTRY_ALARM},
    {MSG_SCENE_NEW, TOOL, handle_scene_new, ENTRY_SCENE_NEW},
    {MSG_SIGN_IN, PEER_PEOPLE, handle_sign_in, ENTRY_SIGN_IN},
    {MSG_CAMERAS, TOOL, handle_cameras, 0},
    {MSG_COVERAGE, TOOL, handle_coverage, 0},
    {MSG_STATUS, TOOL, handle_status, 0},
    {MSG_METRICS, TOOL, handle_metrics, 0},
    {MSG_STATUS, PEER_PEOPLE, handle_token_status, ENTRY_TOKEN_REFUSED},
    {MSG_METRICS, PEER_PEOPLE, handle_token_metrics, ENTRY_TOKEN_REFUSED},
    {MSG_ALERT_TOLD, PEER_PEOPLE, handle_alert_told, ENTRY_TOLD},
    {MSG_TOKENS, TOOL, handle_tokens, 0},
    {MSG_TOKEN_NEW, TOOL, handle_person_act, 0},
    {MSG_TOKEN_NEW, PEER_READER, handle_token_new, ENTRY_TOKEN},
    {MSG_TOKEN_END, TOOL, handle_person_act, 0},
    {MSG_TOKEN_END, PEER_READER, handle_token_end, ENTRY_TOKEN_ENDED},
    {MSG_CAMERA_ADD, OPERATOR, handle_camera_add, ENTRY_CAMERA_ADDED},
    {MSG_CAMERA_ENABLE, OPERATOR, handle_camera_enable, ENTRY_CAMERA_SWITCHED},
    {MSG_CAMERA_REPLACE, OPERATOR, handle_camera_replace, ENTRY_DEVICE},
    {MSG_CAMERA_RETIRE, OPERATOR, handle_camera_retire, ENTRY_RETIRED},
    {MSG_CAMERA_MOVE, OPERATOR, handle_camera_move, ENTRY_CAMERA_MOVED},
    {MSG_ATM_MOVE, OPERATOR, handle_atm_move, ENTRY_ATM_MOVED},
    {MSG_AIM, PEER_READER, handle_aim, ENTRY_AIM},
    {MSG_AIM_OPEN, TOOL, handle_person_act, 0},
    {MSG_AIM_OPEN, PEER_READER, handle_aim_open, ENTRY_AIM_OPENED},
    {MSG_AIM_PICTURE_IS, PEER_CAMERA, handle_aim_picture_is, 0},
    {MSG_KEYPAD, OPERATOR, handle_keypad, ENTRY_KEYPAD},
    {MSG_ZONES, PEER_READER, handle_zones, ENTRY_ZONES},
    {MSG_RECORDER_KEY, OPERATOR, handle_recorder_key, 0},
    {MSG_LOOK, OPERATOR, handle_look, 0},
    {MSG_LOOK_IS, PEER_SUPERVISOR, handle_look_is, 0},
    {MSG_USER_ADD, TOOL, handle_user_add, ENTRY_PERSON},
    {MSG_SETUP_CODE, PEER_PEOPLE, handle_setup_code, ENTRY_SETUP},
    {MSG_SETUP_OPERATOR, PEER_PEOPLE, handle_setup_operator, ENTRY_PERSON},
    {MSG_SETUP_NEW, TOOL, handle_setup_new, ENTRY_SETUP},
    {MSG_SETUP_FINISH, PEER_READER, handle_setup_finish, ENTRY_SETUP},
    {MSG_CAPACITY_ACCEPT, OPERATOR, handle_capacity_accept, ENTRY_CAPACITY},
    {MSG_RECOVER, TOOL, handle_recover, ENTRY_RECOVERED},
    {MSG_PAPER_REPLACE, TOOL, handle_act, ENTRY_PAPER},
    {MSG_SCRUB, TOOL, handle_scrub, ENTRY_LOST},
    {MSG_REBUILD, TOOL, handle_rebuild, ENTRY_REBUILD_BEGUN},
    {MSG_VOLUME_REPLACE, TOOL, handle_volume_replace, ENTRY_VOLUME_LOST},
    {MSG_BACKUP_MADE, TOOL, handle_backup_made, 0},
    {MSG_VOLUME_ADD, TOOL, handle_volume_add, ENTRY_VOLUME_ADDED},
    {MSG_ERROR, PEER_READER, handle_reader_started, ENTRY_SIGN_IN_REFUSED},
    {MSG_READER_STARTED, PEER_READER, handle_reader_started, ENTRY_SIGN_IN},
    {MSG_DAY_KEY, PEER_READER, handle_day_key, 0},
    {MSG_STALE_DAYS, PEER_READER, handle_stale_days, 0},
    {MSG_REWRAP, PEER_READER, handle_rewrap, ENTRY_REWRAPPED},
    {MSG_HELD_DAYS, PEER_READER, handle_held_days, 0},
    {MSG_HELD_PUT, PEER_READER, handle_held_put, ENTRY_HELD_KEYS},
    {MSG_REQUEST_NEW, PEER_READER, handle_request_new, ENTRY_REQUEST},
    {MSG_DRAFT_PUT, PEER_READER, handle_draft_put, 0},
    {MSG_DRAFT_DROP, PEER_READER, handle_draft_drop, 0},
    {MSG_GRANT_PUT, PEER_READER, handle_grant_put, ENTRY_DECISION},
    {MSG_GRANT_GET, PEER_READER, handle_grant_get, 0},
    {MSG_REVOKE, PEER_READER, handle_revoke, ENTRY_REVOKED},
    {MSG_LEASE_OPEN, PEER_READER, handle_lease_open, ENTRY_LEASE_OPENED},
    {MSG_LEASE_CLOSE, PEER_READER, handle_lease_close, ENTRY_LEASE_CLOSED},
    {MSG_REFUSAL, PEER_READER, handle_refusal, ENTRY_REFUSED},
    {MSG_MARK, PEER_READER, handle_mark, ENTRY_NOTE},
    {MSG_ALIGN, PEER_READER, handle_align, ENTRY_JOURNAL_CLOCK},
    {MSG_EXPORT_BEGIN, PEER_READER, handle_export_begin, 0},
    {MSG_EXPORT_ENTER, PEER_READER, handle_export_enter, ENTRY_EXPORT},
    {MSG_EXPORT_DONE, PEER_READER, handle_export_done, ENTRY_EXPORT_READY},
    {MSG_EXPORT_FAILED, PEER_READER, handle_export_failed, 0},
    {MSG_NEXT_PERSON, PEER_READER, handle_next_person, 0},
    {MSG_FACTOR_USED, PEER_READER, handle_factor_used, 0},
    {MSG_PERSON_SEAL, PEER_READER, handle_person_seal, ENTRY_ACCOUNT},
    {MSG_SESSIONS, PEER_READER, handle_sessions, 0},
    {MSG_SESSION_END, PEER_READER, handle_session_end, ENTRY_SESSION_ENDED},
    {MSG_PERSON_ENDED, PEER_READER, handle_person_ended, ENTRY_PERSON_ENDED},
    {MSG_DEPUTY, PEER_READER, handle_deputy, ENTRY_DEPUTY},
    {MSG_EXPECT, PEER_READER, handle_expect, 0},
    {MSG_RETENTION_DUE, TOOL, handle_retention_due, 0},
    {MSG_CLOCK, TOOL, handle_clock, 0},
    {MSG_TERM, TOOL, handle_term, ENTRY_TERM},
    {MSG_HOLDS, TOOL, handle_holds, 0},
    {MSG_HOLD_PLACE, TOOL, handle_person_act, 0},
    {MSG_HOLD_RELEASE, TOOL, handle_person_act, 0},
    {MSG_CLOCK_VOUCH, TOOL, handle_person_act, 0},
    {MSG_HOLD_PLACE, PEER_READER, handle_hold_place, ENTRY_HOLD},
    {MSG_HOLD_RELEASE, PEER_READER, handle_hold_release, ENTRY_RELEASED},
    {MSG_CLOCK_VOUCH, PEER_READER, handle_clock_vouch, ENTRY_VOUCHED},
    {MSG_PERSON_PUT, PEER_READER, handle_person_put, ENTRY_PERSON},
    {MSG_LEDGER_ROTATE, TOOL, handle_act, ENTRY_LOG_KEY},
    {MSG_LEDGER_CONFIRM, TOOL, handle_act, ENTRY_EPOCH_CONFIRMED},
    {MSG_ADD_CHECKPOINT, PEER_PEOPLE, handle_add_checkpoint, ENTRY_LOG_ALARM},
    {MSG_WITNESS_NEXT, PEER_PEOPLE, handle_witness_next, 0},
    {MSG_WITNESS_SAID, PEER_PEOPLE, handle_witness_said, ENTRY_WITNESSED},
    {MSG_WITNESS_ADD, TOOL, handle_act, ENTRY_WITNESS_ADDED},
    {MSG_WITNESS_ALLOW, TOOL, handle_act, ENTRY_LOG_ALLOWED},
    {MSG_WITNESS_REMOVE, TOOL, handle_act, ENTRY_WITNESS_REMOVED},
    {MSG_WITNESS_CLOCK, TOOL, handle_act, ENTRY_CLOCK_WITNESS},
    {MSG_WITNESS_LIST, TOOL, handle_witness_list, 0},
    {MSG_TRANSACTIONS_IMPORT, TOOL, handle_transactions_import, ENTRY_IMPORTED},
    {MSG_TRANSACTIONS_PUT, PEER_IMPORTER, handle_transactions_put, 0},
    {MSG_TRANSACTIONS_PUT, PEER_PEOPLE, handle_transactions_push,
	ENTRY_IMPORTED},
    {MSG_IMPORT_DONE, PEER_IMPORTER, handle_import_done, ENTRY_IMPORTED},
    {MSG_ERROR, PEER_IMPORTER, handle_import_failed, 0},
    {MSG_SIGN_IS, PEER_READER, handle_sign_is, ENTRY_LOG_KEY},
};

/* What a reader sends on the way to an act, and after it, is none. */
static bool is_act(unsigned type)
{
	switch (type) {
	case MSG_REQUEST_NEW:
	case MSG_DRAFT_PUT:
	case MSG_DRAFT_DROP:
	case MSG_GRANT_PUT:
	case MSG_REVOKE:
	case MSG_PERSON_PUT:
	case MSG_PERSON_ENDED:
	case MSG_DEPUTY:
	case MSG_CAMERA_ENABLE:
	case MSG_CAMERA_REPLACE:
	case MSG_CAMERA_RETIRE:
	case MSG_CAMERA_MOVE:
	case MSG_AIM_OPEN:
	case MSG_KEYPAD:
	case MSG_ZONES:
		return true;
	default:
		return false;
	}
}

/*
 * A message that its sender may not send closes that connection alone. What
 * came with it is closed here: a handler's answer may be made where it lay.
 */
void dispatch(struct keeper *k, struct conn *c, struct wire *w)
{
	const struct row *r = NULL;
	int fd = w->fd;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].type == w->type && table[i].who & c->peer)
			r = &table[i];
	if (r) {
		if (r->entered)
			conn_acted(k, c);
		if (is_act(w->type) && etag_has_changed(k->ix, &c->expects))
			conn_error(c, w->id, ERR_CHANGED, NULL);
		else
			r->handle(k, c, w);
	} else if (w->type % 2 == 0) {
		log_warn("message %u is not for peer %u", w->type, c->peer);
		conn_error(c, w->id, ERR_BAD_MESSAGE, NULL);
		c->closing = true;
	}
	if (fd >= 0)
		close(fd);
	w->fd = -1;
}

/* What a closed connection means for the rest. */
void handle_closed(struct keeper *k, struct conn *c)
{
	struct reader *next;

	looks_forget(k, c);
	aim_forget(k, c);
	transactions_forget(k, c);
	if (c == k->supervisor) {
		k->supervisor = NULL;
		camera_no_recorder(k);
	}
	if (c->camera && c->camera->conn == c) {
		struct camera *m = c->camera;

		m->conn = NULL;
		m->aiming.sent = false;	/* its next child may answer */
		if (m->segment)
			camera_end_segment(k, m);
		seal_picture(k, m, m->asked_seq, false);
		m->silent_since_ns = k->mono.ns;
	}
	for (struct reader *r = k->readers; r; r = next) {
		next = r->next;
		if (r->asker == c)
			r->asker = NULL;
		if (r->conn == c)
			reader_end(k, r);
	}
}
