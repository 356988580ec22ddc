#include "web/route.h"

#include <stdio.h>
#include <string.h>

#include "web/account.h"
#include "web/align.h"
#include "web/api.h"
#include "web/bearer.h"
#include "web/camera.h"
#include "web/draft.h"
#include "web/hold.h"
#include "web/mark.h"
#include "web/media.h"
#include "web/page.h"
#include "web/setup.h"
#include "web/sign.h"
#include "web/transaction.h"
#include "web/witness.h"

/* clang-format off */
static const struct route routes[] = {
/* method          path                          needs           flags */
{METHOD_GET, "/healthz", NEED_NOTHING, ROUTE_PAGE, sign_healthz},
{METHOD_GET, "/readyz", NEED_NOTHING, ROUTE_PAGE, sign_healthz},
{METHOD_GET, "/api/v1/site", NEED_NOTHING, ROUTE_SETUP, sign_site},
/* storage says whether somebody may sign in: web may not know it yet */
{METHOD_POST, "/api/v1/session", NEED_NOTHING, ROUTE_NO_CSRF | ROUTE_SETUP,
    sign_in},
{METHOD_GET, "/api/v1/session", NEED_SESSION, ROUTE_QUIET, sign_who},
{METHOD_DELETE, "/api/v1/session", NEED_SESSION, 0, sign_out},
{METHOD_POST, "/api/v1/setup/code", NEED_NOTHING, ROUTE_NO_CSRF | ROUTE_SETUP,
    setup_code},
{METHOD_POST, "/api/v1/setup/operator", NEED_NOTHING,
    ROUTE_NO_CSRF | ROUTE_SETUP, setup_operator},
{METHOD_POST, "/api/v1/setup/capacity", NEED_SESSION, ROUTE_ONCE,
    setup_capacity},
{METHOD_POST, "/api/v1/setup/finish", NEED_SESSION, ROUTE_ONCE, setup_finish},
{METHOD_GET, "/api/v1/cameras", NEED_SESSION, 0, api_cameras},
{METHOD_POST, "/api/v1/cameras", NEED_SESSION, ROUTE_ONCE, camera_add},
{METHOD_POST, "/api/v1/cameras/probe", NEED_SESSION, 0, camera_probe},
{METHOD_POST, "/api/v1/cameras/onvif", NEED_SESSION, 0, camera_onvif},
{METHOD_POST, "/api/v1/cameras/discover", NEED_SESSION, 0, camera_discover},
{METHOD_POST, "/api/v1/cameras/%c/enable", NEED_SESSION,
    ROUTE_ONCE | ROUTE_MATCH, camera_enable},
{METHOD_POST, "/api/v1/cameras/%c/disable", NEED_SESSION,
    ROUTE_ONCE | ROUTE_MATCH, camera_disable},
{METHOD_POST, "/api/v1/cameras/%c/replace", NEED_SESSION,
    ROUTE_ONCE | ROUTE_MATCH, camera_replace},
{METHOD_POST, "/api/v1/cameras/%c/retire", NEED_SESSION,
    ROUTE_ONCE | ROUTE_MATCH, camera_retire},
{METHOD_POST, "/api/v1/cameras/%c/move", NEED_SESSION,
    ROUTE_ONCE | ROUTE_MATCH, camera_move},
{METHOD_POST, "/api/v1/cameras/%c/picture", NEED_SESSION, 0, camera_picture},
{METHOD_POST, "/api/v1/cameras/%c/aim", NEED_SESSION,
    ROUTE_ONCE | ROUTE_MATCH, camera_aim_open},
{METHOD_POST, "/api/v1/cameras/%c/keypad", NEED_SESSION,
    ROUTE_ONCE | ROUTE_MATCH, camera_keypad},
{METHOD_POST, "/api/v1/cameras/%c/zones", NEED_SESSION,
    ROUTE_ONCE | ROUTE_MATCH, camera_zones},
{METHOD_POST, "/api/v1/atms/move", NEED_SESSION, ROUTE_ONCE, camera_atm_move},
{METHOD_GET, "/api/v1/coverage", NEED_SESSION, 0, api_coverage},
{METHOD_GET, "/api/v1/transactions", NEED_SESSION, 0, transaction_search},
{METHOD_POST, "/api/v1/transactions", NEED_TOKEN, 0, transaction_push},
{METHOD_GET, "/api/v1/transactions/repeated", NEED_SESSION, 0,
    transaction_repeated},
{METHOD_GET, "/api/v1/requests", NEED_SESSION, 0, api_requests},
{METHOD_POST, "/api/v1/requests", NEED_SESSION, ROUTE_ONCE, api_request_new},
{METHOD_GET, "/api/v1/drafts", NEED_SESSION, 0, draft_list},
{METHOD_POST, "/api/v1/drafts", NEED_SESSION, ROUTE_ONCE, draft_save},
{METHOD_POST, "/api/v1/drafts/%n", NEED_SESSION, ROUTE_ONCE | ROUTE_MATCH,
    draft_save},
{METHOD_POST, "/api/v1/drafts/%n/submit", NEED_SESSION,
    ROUTE_ONCE | ROUTE_MATCH, api_request_new},
{METHOD_POST, "/api/v1/drafts/%n/discard", NEED_SESSION,
    ROUTE_ONCE | ROUTE_MATCH, draft_discard},
{METHOD_POST, "/api/v1/requests/%r/decision", NEED_SESSION,
    ROUTE_ONCE | ROUTE_MATCH, api_decide},
{METHOD_POST, "/api/v1/requests/%r/revoke", NEED_SESSION,
    ROUTE_ONCE | ROUTE_MATCH, api_revoke},
{METHOD_GET, "/api/v1/requests/%r/play", NEED_SESSION, 0, api_play},
{METHOD_POST, "/api/v1/requests/%r/stop", NEED_SESSION, 0, api_stop},
{METHOD_GET, "/api/v1/holds", NEED_SESSION, 0, hold_list},
{METHOD_POST, "/api/v1/holds", NEED_SESSION, ROUTE_ONCE, hold_place},
{METHOD_POST, "/api/v1/holds/%n/release", NEED_SESSION, ROUTE_ONCE,
    hold_release},
{METHOD_POST, "/api/v1/requests/%r/notes", NEED_SESSION, 0, mark_note},
{METHOD_POST, "/api/v1/requests/%r/snapshots", NEED_SESSION, 0, mark_snapshot},
{METHOD_POST, "/api/v1/requests/%r/alignments", NEED_SESSION, 0, align_new},
{METHOD_GET, "/api/v1/transactions/alignments", NEED_SESSION, 0, align_list},
{METHOD_GET, "/api/v1/requests/%r/story", NEED_SESSION, 0, mark_story},
{METHOD_POST, "/api/v1/requests/%r/files", NEED_SESSION, 0, media_open},
{METHOD_POST, "/api/v1/requests/%r/exports", NEED_SESSION, ROUTE_ONCE,
    api_export_new},
{METHOD_GET, "/api/v1/exports", NEED_SESSION, 0, api_exports},
{METHOD_GET, "/api/v1/ledger", NEED_SESSION, 0, api_ledger},
{METHOD_POST, "/api/v1/ledger/verify", NEED_SESSION, 0, api_ledger_verify},
{METHOD_POST, "/api/v1/account/password", NEED_SESSION, 0, account_password},
{METHOD_POST, "/api/v1/account/factor", NEED_SESSION, 0, account_factor_new},
{METHOD_POST, "/api/v1/account/factor/confirm", NEED_SESSION, 0,
    account_factor_set},
{METHOD_GET, "/api/v1/account/sessions", NEED_SESSION, 0, account_sessions},
{METHOD_POST, "/api/v1/account/sessions/%n/end", NEED_SESSION, ROUTE_ONCE,
    account_session_end},
{METHOD_GET, "/api/v1/people", NEED_SESSION, 0, account_people},
{METHOD_POST, "/api/v1/people", NEED_SESSION, 0, account_person_new},
{METHOD_POST, "/api/v1/people/%n/reset", NEED_SESSION, ROUTE_MATCH,
    account_person_reset},
{METHOD_POST, "/api/v1/people/%n/end", NEED_SESSION,
    ROUTE_ONCE | ROUTE_MATCH, account_person_end},
{METHOD_POST, "/api/v1/people/%n/deputy", NEED_SESSION,
    ROUTE_ONCE | ROUTE_MATCH, account_deputy},
{METHOD_GET, "/api/v1/tokens", NEED_SESSION, 0, account_tokens},
{METHOD_POST, "/api/v1/tokens", NEED_SESSION, 0, account_token_new},
{METHOD_POST, "/api/v1/tokens/%n/end", NEED_SESSION, ROUTE_ONCE,
    account_token_end},
{METHOD_GET, "/api/v1/status", NEED_SESSION, ROUTE_QUIET, api_status},
{METHOD_GET, "/api/v1/health", NEED_TOKEN, 0, bearer_health},
{METHOD_POST, "/api/v1/told", NEED_TOKEN, 0, mark_told_new},
{METHOD_GET, "/api/v1/told", NEED_SESSION, 0, mark_told},
{METHOD_GET, "/metrics", NEED_TOKEN, 0, bearer_metrics},
{METHOD_GET, "/media/exports/%r", NEED_SESSION, 0, media_export},
{METHOD_GET, "/media/%r/%c/run%n.mp4", NEED_SESSION, 0, media_movie},
{METHOD_GET, "/media/%r/%c/%n/init", NEED_SESSION, 0, media_init},
{METHOD_GET, "/media/%r/%c/%n/%n", NEED_SESSION, 0, media_fragment},
{METHOD_POST, "/tlog-witness/add-checkpoint", NEED_NOTHING,
    ROUTE_NO_CSRF | ROUTE_TEXT, witness_add_checkpoint},
/* Paths of the page's own router: all get index.html. */
{METHOD_GET, "/", NEED_NOTHING, ROUTE_PAGE, page_index},
{METHOD_GET, "/find", NEED_NOTHING, ROUTE_PAGE, page_index},
{METHOD_GET, "/requests", NEED_NOTHING, ROUTE_PAGE, page_index},
{METHOD_GET, "/requests/%*", NEED_NOTHING, ROUTE_PAGE, page_index},
{METHOD_GET, "/watch/%*", NEED_NOTHING, ROUTE_PAGE, page_index},
{METHOD_GET, "/verify", NEED_NOTHING, ROUTE_PAGE, page_index},
{METHOD_GET, "/exports", NEED_NOTHING, ROUTE_PAGE, page_index},
{METHOD_GET, "/cases", NEED_NOTHING, ROUTE_PAGE, page_index},
{METHOD_GET, "/help", NEED_NOTHING, ROUTE_PAGE, page_index},
{METHOD_GET, "/audit", NEED_NOTHING, ROUTE_PAGE, page_index},
{METHOD_GET, "/coverage", NEED_NOTHING, ROUTE_PAGE, page_index},
{METHOD_GET, "/cameras", NEED_NOTHING, ROUTE_PAGE, page_index},
{METHOD_GET, "/people", NEED_NOTHING, ROUTE_PAGE, page_index},
{METHOD_GET, "/account", NEED_NOTHING, ROUTE_PAGE, page_index},
{METHOD_GET, "/health", NEED_NOTHING, ROUTE_PAGE, page_index},
{METHOD_GET, "/setup", NEED_NOTHING, ROUTE_PAGE, page_index},
{METHOD_GET, "/about", NEED_NOTHING, ROUTE_PAGE, page_index},
};
/* clang-format on */
#define ROUTES (sizeof(routes) / sizeof(routes[0]))

/* The files of the pages: any path that page.c has read at start. */
static const struct route file_route = {
    METHOD_GET, "/%*", NEED_NOTHING, ROUTE_PAGE, page_file};

enum method method_of(const char *name)
{
	if (strcmp(name, "GET") == 0)
		return METHOD_GET;
	if (strcmp(name, "HEAD") == 0)
		return METHOD_HEAD;
	if (strcmp(name, "POST") == 0)
		return METHOD_POST;
	if (strcmp(name, "DELETE") == 0)
		return METHOD_DELETE;
	return METHOD_OTHER;
}

static void allow_text(unsigned allow, char *s, size_t n)
{
	snprintf(s, n, "%s%s%s%s", allow & METHOD_GET ? "GET, HEAD" : "",
	    allow & METHOD_GET && allow > METHOD_GET ? ", " : "",
	    allow & METHOD_POST	      ? "POST" :
		allow & METHOD_DELETE ? "DELETE" :
					"",
	    allow & METHOD_POST && allow & METHOD_DELETE ? ", DELETE" : "");
}

enum err route_find(enum method method, const char *path,
    const struct route **ret, struct args *ret_args, char *ret_allow,
    size_t allow_n)
{
	enum method want = method == METHOD_HEAD ? METHOD_GET : method;
	unsigned allow = 0;
	struct args a;

	for (size_t i = 0; i <= ROUTES; i++) {
		const struct route *r = i < ROUTES ? &routes[i] : &file_route;

		if (i == ROUTES && (allow != 0 || !page_has(path)))
			break;
		if (!args_match(r->pattern, path, &a))
			continue;
		allow |= r->method;
		if (r->method != want)
			continue;
		*ret = r;
		*ret_args = a;
		return OK;
	}
	if (allow == 0)
		return ERR_NOT_FOUND;
	allow_text(allow, ret_allow, allow_n);
	return ERR_METHOD;
}
