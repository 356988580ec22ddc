/*
 * main.c - saqta-alert: tells people by mail, webhook and syslog what is wrong.
 *
 * It asks saqta-web as any other program does, with a token of the scope
 * health:read, and says with alerts:write who was told; it has no key, no footage, and no socket to storage.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "alert/message.h"
#include "alert/send.h"
#include "storage/api/alone.h"
#include "storage/api/config.h"
#include "storage/api/log.h"
#include "storage/api/notify.h"
#include "storage/api/walls.h"

#define SECRET_ROOM 256
#define AWAY_S 60	/* without an answer: an incident; another's at once */
#define DAY_S 86400
#define CERTIFICATE_S (30 * DAY_S)	/* left: then it is told */
#define PAUSE_MIN_S 30	/* after a failed delivery, doubled each time */
#define PAUSE_MAX_S 3600

static volatile sig_atomic_t stop;

static void on_signal(int n)
{
	(void)n;
	stop = 1;
}

/* A way to people: when it may be tried again. */
struct channel {
	unsigned to;
	const char *name;
	int64_t not_before, pause;
};

struct alert {
	struct config conf;
	char token[SECRET_ROOM], login[SECRET_ROOM];
	unsigned char secret[64];
	size_t secret_n;
	struct texts *texts;
	char book_path[200];
	struct book book;
	struct health health;
	int64_t answered;	/* monotonic seconds of the last answer */
	struct channel mail, hook;
	unsigned to;
	bool silent;		/* its token may not say who was told */
};

/* A secret is the first line of a file of its own; absent: "". */
static void secret(const struct alert *a, const char *name, char *buf)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", a->conf.credentials, name);
	f = fopen(path, "re");
	if (!f || !fgets(buf, SECRET_ROOM, f))
		*buf = '\0';
	if (f)
		fclose(f);
	buf[strcspn(buf, "\r\n")] = '\0';
}

static int64_t monotonic_s(void)
{
	return mono_now().ns / NS_PER_SEC;
}

static int64_t wall_s(void)
{
	return utc_now().ns / NS_PER_SEC;
}

/* As the log says it: of servers, where err_text() speaks of cameras. */
static const char *why(enum err err)
{
	switch (err) {
	case ERR_INTEGRITY:
		return "it is not who it should be: look at its certificate "
		       "and its pin";
	case ERR_NOT_FOUND:
		return "no name server knows that name: look at it, and at "
		       "/etc/resolv.conf";
	case ERR_UNREACHABLE:
		return "nobody answers there: look at address, port and "
		       "network";
	case ERR_UNAVAILABLE:
		return "it answers, and does not take this";
	case ERR_AUTH:
		return "it refuses our login: look at /etc/saqta/alert/login";
	case ERR_UNSUPPORTED:
		return "it offers no TLS, without which no login is sent";
	default:
		return err_text(err);
	}
}

/* Storage does not know the certificate: an incident that is found here. */
static void certificate(struct health *h, int64_t ends)
{
	int64_t left = ends - wall_s();
	struct incident i = {.kind = "certificate-ends", .n = left / DAY_S};

	if (ends < 0 || left > CERTIFICATE_S || h->n == INCIDENTS_MAX)
		return;
	if (left < 0) {
		i = (struct incident){.n = -1, .critical = true};
		snprintf(i.kind, sizeof(i.kind), "certificate-ended");
	}
	h->list[h->n++] = i;
}

/* What its answer says, or that there is none. */
static void look(struct alert *a)
{
	static char answer[HEALTH_MAX];
	char url[256];
	struct incident away = {.kind = "saqta-away", .n = -1, .critical = true};
	long status = 0;
	size_t n, fresh;
	int64_t ends;
	enum err err;

	snprintf(url, sizeof(url), "%s/api/v1/health", a->conf.alert_url);
	err = send_get(url, a->conf.alert_pin, a->token, answer,
	    sizeof(answer), &n, &status, &ends);
	if (!err && (status == 401 || status == 403))
		snprintf(away.kind, sizeof(away.kind), "token-refused");
	else if (!err && status == 200)
		err = json_health(answer, n, &a->health);
	else if (!err)
		err = ERR_UNAVAILABLE;
	if (!err && status == 200) {
		a->answered = monotonic_s();
		certificate(&a->health, ends);
		fresh = book_update(&a->book, a->health.list, a->health.n,
		    a->to, wall_s());
	} else if (!err || err == ERR_INTEGRITY ||
	    monotonic_s() - a->answered > AWAY_S) {
		fresh = book_add(&a->book, &away, a->to, wall_s());
		log_warn("%s: %s", url, err ? why(err) : "token refused");
	} else {
		return;
	}
	for (size_t i = 0; a->conf.cef && i < fresh; i++) {
		const struct message *m =
		    &a->book.queue[a->book.queue_n - fresh + i];
		char s[512], line[1400];

		texts_sentence(a->texts, a->conf.language, &m->i, s, sizeof(s));
		syslog(LOG_WARNING, "%s",
		    message_cef(a->health.site, m, s, line, sizeof(line)));
	}
}

static enum err by_mail(struct alert *a, const struct message *m)
{
	bool deputies = *a->conf.mail_deputies &&
	    !strcmp(m->i.kind, "request-waits-deputy");
	char to[sizeof(a->conf.mail_to) + sizeof(a->conf.mail_deputies) + 2];
	struct letter l = {.site = *a->health.site ? a->health.site : "Saqta",
	    .from = a->conf.mail_from,
	    .to = to,
	    .language = a->conf.language,
	    .texts = a->texts,
	    .now = &a->health};
	char *mail;
	enum err err;

	snprintf(to, sizeof(to), "%s%s%s", a->conf.mail_to,
	    deputies ? ", " : "", deputies ? a->conf.mail_deputies : "");
	mail = message_mail(&l, m);
	err = mail ? send_mail(a->conf.mail_server, a->login, a->conf.mail_from,
			 to, mail) :
		     ERR_NO_MEMORY;
	free(mail);
	return err;
}

static enum err by_hook(struct alert *a, const struct message *m)
{
	static const char *const types[] = {[EVENT_OPENED] = "incident.opened",
	    [EVENT_CLOSED] = "incident.closed",
	    [EVENT_DIGEST] = "digest"};
	char at[40], s[512], headers[HOOK_HEADERS][HOOK_HEADER_MAX], *body;
	const char *lines[HOOK_HEADERS];
	time_t t = (time_t)m->at;
	struct tm tm;
	enum err err = ERR_NO_MEMORY;

	gmtime_r(&t, &tm);
	strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%SZ", &tm);
	texts_sentence(a->texts, a->conf.language, &m->i, s, sizeof(s));
	body = json_event(types[m->event], at, a->health.site, &m->i, s);
	if (body) {
		/* the time is that of the try: a receiver refuses old ones */
		message_sign(m->id, wall_s(), body, a->secret, a->secret_n,
		    headers);
		for (size_t i = 0; i < HOOK_HEADERS; i++)
			lines[i] = headers[i];
		err = send_post(a->conf.webhook, a->conf.webhook_pin, body,
		    lines,
		    a->secret_n ? HOOK_HEADERS : 0);
	}
	free(body);
	return err;
}

/*
 * "mail: it@bank.example"; of a webhook the host alone, for its path, or a
 * login in it, may be secret.
 */
static void whom(const struct alert *a, const struct channel *c, char *buf,
    size_t n)
{
	const char *host = strstr(a->conf.webhook, "://"), *at;
	int len;

	if (c->to == TO_MAIL) {
		snprintf(buf, n, "%s: %s", c->name, a->conf.mail_to);
		return;
	}
	host = host ? host + 3 : a->conf.webhook;
	len = (int)strcspn(host, "/?#");
	at = memrchr(host, '@', (size_t)len);
	if (at) {
		len -= (int)(at + 1 - host);
		host = at + 1;
	}
	snprintf(buf, n, "%s: %.*s", c->name, len, host);
}

/*
 * Saqta enters who was told, so that it stands beside the gap. Tried once: a
 * message that went out is never held up by this.
 */
static void report(struct alert *a, const struct channel *c,
    const struct message *m)
{
	char url[256], bearer[SECRET_ROOM + 32], who[300], at[40], *body;
	const char *line = bearer;
	time_t t = (time_t)m->at;
	struct tm tm;
	enum err err = ERR_NO_MEMORY;

	if (a->silent || m->event == EVENT_DIGEST)
		return;
	gmtime_r(&t, &tm);
	strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%SZ", &tm);
	whom(a, c, who, sizeof(who));
	body = json_told(&m->i, *m->i.since ? m->i.since : at,
	    m->event == EVENT_CLOSED, who);
	snprintf(url, sizeof(url), "%s/api/v1/told", a->conf.alert_url);
	snprintf(bearer, sizeof(bearer), "Authorization: Bearer %s", a->token);
	if (body)
		err = send_post(url, a->conf.alert_pin, body, &line, 1);
	explicit_bzero(bearer, sizeof(bearer));
	free(body);
	if (err)
		log_warn("Saqta does not know that %s was told: %s", who,
		    why(err));
	a->silent = err == ERR_DENIED;
}

/* In order; the first that fails makes its channel wait. */
static void deliver(struct alert *a, struct channel *c,
    enum err (*send)(struct alert *, const struct message *))
{
	size_t i = 0;
	enum err err;

	while (i < a->book.queue_n && !stop && monotonic_s() >= c->not_before) {
		if (!(a->book.queue[i].to & c->to)) {
			i++;
			continue;
		}
		err = send(a, &a->book.queue[i]);
		notify_alive(mono_now());
		if (err) {
			c->pause = c->pause ? 2 * c->pause : PAUSE_MIN_S;
			if (c->pause > PAUSE_MAX_S)
				c->pause = PAUSE_MAX_S;
			c->not_before = monotonic_s() + c->pause;
			log_warn("%s: not sent: %s; again in %lld s", c->name,
			    why(err), (long long)c->pause);
			return;
		}
		c->pause = 0;
		report(a, c, &a->book.queue[i]);
		if (!book_sent(&a->book, i, c->to))
			i++;
	}
}

/* Once a day, from its hour on; a report needs numbers. */
static void digest(struct alert *a)
{
	time_t now = (time_t)wall_s();
	struct tm tm;

	localtime_r(&now, &tm);
	if (tm.tm_hour >= a->conf.digest_hour && *a->health.now)
		book_digest(&a->book, (now + tm.tm_gmtoff) / 86400, a->to,
		    now);
}

static void turn(struct alert *a)
{
	look(a);
	digest(a);
	if (a->to & TO_MAIL)
		deliver(a, &a->mail, by_mail);
	if (a->to & TO_HOOK)
		deliver(a, &a->hook, by_hook);
	if (a->book.changed && book_write(a->book_path, &a->book))
		log_error("%s cannot be written: after a restart some things "
			  "are told again",
		    a->book_path);
	notify_status("%zu incidents, %zu messages to send", a->book.open_n,
	    a->book.queue_n);
}

static bool set_up(struct alert *a)
{
	char hook_secret[SECRET_ROOM];
	enum err err;

	if (alone_in(a->conf.alert_state) == ERR_BUSY) {
		notify_cannot("start-twice",
		    "%s: another saqta-alert runs: this one tells nobody and "
		    "ends",
		    a->conf.alert_state);
		return false;
	}
	if (walls_check(&a->conf, "saqta-alert",
		WALL_DATA | WALL_RECORDER | WALL_WEB))
		return false;
	secret(a, "alert_token", a->token);
	secret(a, "alert_login", a->login);
	secret(a, "alert_secret", hook_secret);
	if (!*a->token) {
		log_error("%s/alert_token is not there: saqta token add makes "
			  "one, with the scopes health:read and alerts:write",
		    a->conf.credentials);
		return false;
	}
	if (*hook_secret &&
	    message_secret(hook_secret, a->secret, &a->secret_n)) {
		log_error("alert_secret is not \"whsec_\" and 24 to 64 bytes "
			  "in base64");
		return false;
	}
	a->to = (*a->conf.mail_server && *a->conf.mail_from && *a->conf.mail_to ?
			TO_MAIL :
			0u) |
	    (*a->conf.webhook ? TO_HOOK : 0u);
	if (*a->conf.mail_server && !(a->to & TO_MAIL))
		log_warn("[alert] mail_server needs mail_from and mail_to as "
			 "well: no mail goes out");
	if (!a->to && !a->conf.cef)
		log_warn("neither mail nor webhook nor cef in [alert]: nobody "
			 "is told");
	err = texts_open(a->conf.texts, &a->texts);
	if (err || utc_site(a->conf.zone)) {
		log_error("%s: %s", a->conf.texts, err_text(err));
		return false;
	}
	snprintf(a->book_path, sizeof(a->book_path), "%s/book",
	    a->conf.alert_state);
	err = book_read(a->book_path, &a->book);
	if (err && err != ERR_NOT_FOUND)
		log_warn("%s: %s; some things are told again", a->book_path,
		    err_text(err));
	return true;
}

static void set_limits(void)
{
	struct sigaction s = {.sa_handler = on_signal};
	struct rlimit none = {0, 0};

	sigaction(SIGTERM, &s, NULL);
	sigaction(SIGINT, &s, NULL);
	s.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &s, NULL);
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

int main(int argc, char **argv)
{
	static struct alert a = {.mail = {.to = TO_MAIL, .name = "mail"},
	    .hook = {.to = TO_HOOK, .name = "webhook"}};
	const char *config = CONFIG_PATH_DEFAULT;
	char why[512];

	log_name("saqta-alert");
	if (argc == 3 && !strcmp(argv[1], "--config"))
		config = argv[2];
	else if (argc != 1) {
		fprintf(stderr, "usage: saqta-alert [--config FILE]\n");
		return 2;
	}
	set_limits();
	if (config_read(config, &a.conf, why, sizeof(why))) {
		notify_cannot("start-configuration", "%s", why);
		return 2;
	}
	if (!set_up(&a) || send_open())
		return 1;
	openlog("saqta-alert", LOG_PID, LOG_DAEMON);
	a.answered = monotonic_s();
	notify_ready();
	while (!stop) {
		turn(&a);
		for (int s = 0; s < a.conf.every_s && !stop; s++) {
			notify_alive(mono_now());
			sleep(1);
		}
	}
	notify_stopping();
	texts_close(a.texts);
	send_close();
	return 0;
}
