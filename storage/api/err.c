#include "storage/api/err.h"

static const struct {
	const char *name;
	int http;
	const char *text;
} errs[ERR_MAX] = {
    [OK] = {"ok", 200, "Done."},
    [ERR_SYS] = {"system", 500, "The operating system refused."},
    [ERR_NO_MEMORY] = {"no-memory", 500, "Out of memory."},
    [ERR_GONE] = {"gone", 500, "The other side closed the connection."},
    [ERR_BAD_MESSAGE] = {"bad-message", 400, "The message is malformed."},
    [ERR_TOO_LARGE] = {"too-large", 413, "That is over the limit."},
    [ERR_USAGE] = {"usage", 400, "Wrong arguments."},
    [ERR_CONFIG] = {"configuration", 500, "The configuration is wrong."},
    [ERR_INVALID] = {"invalid", 422, "A value is not allowed."},
    [ERR_NOT_FOUND] = {"not-found", 404, "There is no such thing."},
    [ERR_EXISTS] = {"exists", 409, "It exists already."},
    [ERR_FORMAT] = {"format", 422, "This is not in the expected format."},
    [ERR_INTEGRITY] = {"integrity", 500,
	"The data was changed: its check fails."},
    [ERR_TRUNCATED] = {"truncated", 500, "The data ends too early."},
    [ERR_NO_KEY] = {"no-key", 403, "None of the keys opens this."},
    [ERR_DENIED] = {"denied", 403, "Your role does not allow this."},
    [ERR_PASSWORD] = {"wrong-password", 401, "Wrong user or password."},
    [ERR_SIGNED_OUT] = {"signed-out", 401, "Please sign in."},
    [ERR_SELF_APPROVAL] = {"self-approval", 403,
	"Nobody decides his own request: ask another custodian."},
    [ERR_NOT_APPROVED] = {"approval-required", 403,
	"You need an approved request for this footage."},
    [ERR_GRANT_ENDED] = {"grant-ended", 403,
	"The approval has ended: make a new request."},
    [ERR_NO_FOOTAGE] = {"no-footage", 404,
	"Nothing was recorded there; the coverage says why."},
    [ERR_EXPIRED] = {"expired-by-retention", 410,
	"This footage was erased when its term ended."},
    [ERR_FUTURE] = {"future", 422, "That time lies in the future."},
    [ERR_DECIDED] = {"decided", 409, "This request was decided already."},
    [ERR_DISK_FULL] = {"disk-full", 507, "The disk is full."},
    [ERR_DISK] = {"disk", 500, "The disk reports an error."},
    [ERR_BUSY] = {"busy", 503, "Too much at once: try again in a moment."},
    [ERR_UNAVAILABLE] = {"unavailable", 503,
	"A part of the appliance is not running."},
    [ERR_TIMEOUT] = {"timeout", 504, "No answer in time."},
    [ERR_AUTH] = {"camera-password", 422,
	"The camera refuses: wrong user or password."},
    [ERR_UNREACHABLE] = {"camera-unreachable", 422,
	"The camera does not answer at that address."},
    [ERR_UNSUPPORTED] = {"camera-unsupported", 422,
	"The camera's stream is not supported."},
    [ERR_INTERNAL] = {"internal", 500, "Internal error; see the log."},
    [ERR_RANGE] = {"range", 416, "The byte range lies beyond the end."},
    [ERR_METHOD] = {"method", 405, "This method is not allowed here."},
    [ERR_AWAY] = {"volume-away", 503,
	"The volume that holds this footage is away: mount it again."},
    [ERR_FACTOR] = {"second-factor", 401,
	"A new code of the second factor is needed: six digits, each good for "
	"one act."},
    [ERR_LOCKED] = {"locked", 429,
	"Too many failed attempts: wait and try again."},
    [ERR_FIRST] = {"first-password", 403,
	"This password is for one sign-in: choose your own first."},
    [ERR_QUOTA] = {"quota", 429,
	"That is more than one person may copy in a day, or have undecided: "
	"go on tomorrow, or have some decided."},
    [ERR_UNPROVEN] = {"unproven", 409,
	"The ledger that knew of this was lost: no package can prove it."},
    [ERR_CHANGED] = {"changed", 412,
	"Somebody has changed this meanwhile: look at it anew."},
    [ERR_FILES] = {"files-closed", 403,
	"Files leave after the password and a new code of the second factor."},
    [ERR_NO_FACTOR] = {"no-second-factor", 403,
	"This takes a code of a second factor: set one up first, on the page "
	"of your account."},
    [ERR_DRAFTS] = {"drafts", 409,
	"You have as many drafts as one person may keep: discard one first."},
    [ERR_COMMON] = {"common-password", 422,
	"That password is guessed soon: take three or four words that do not "
	"belong together."},
    [ERR_REBUILDING] = {"rebuilding", 503,
	"The index is being made anew: try again in some minutes."},
    [ERR_TOKEN] = {"token", 401,
	"A token is needed that is known and has not ended: Authorization: "
	"Bearer."},
    [ERR_KEY_USED] = {"key-used", 409,
	"This Idempotency-Key cannot be used (again)."},
    [ERR_RATE] = {"rate", 429, "Too many calls: ask less often."},
    [ERR_SETUP] = {"set-up", 403,
	"This appliance is not set up yet: open its first page."},
    [ERR_SETUP_CODE] = {"set-up-code", 401,
	"That is not the set-up code that the console showed."},
    [ERR_SETUP_ENDED] = {"set-up-ended", 410,
	"No set-up code is good now: saqta setup code, at the console, makes "
	"one while nobody can sign in yet."},
};

static enum err known(enum err e)
{
	return (unsigned)e < ERR_MAX && errs[e].name ? e : ERR_INTERNAL;
}

const char *err_name(enum err e)
{
	return errs[known(e)].name;
}

const char *err_text(enum err e)
{
	return errs[known(e)].text;
}

int err_http(enum err e)
{
	return errs[known(e)].http;
}

enum err err_from_wire(unsigned n)
{
	return n < ERR_MAX ? known((enum err)n) : ERR_INTERNAL;
}
