#include "recorder/probe.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "recorder/look.h"
#include "recorder/zygote.h"

/* One line of standard input without its end; false when it is too long. */
static bool line(char *buf, size_t max)
{
	size_t n = 0;
	int c;

	while ((c = getchar()) != EOF && c != '\n') {
		if (n + 1 >= max)
			return false;
		buf[n++] = (char)c;
	}
	buf[n] = '\0';
	return true;
}

static void watch(struct look *l, int zygote)
{
	while (!l->done) {
		struct pollfd p[1 + LOOK_POLLS];
		struct zygote_message m;
		int wait = look_tick(l, mono_now());
		int n = 1 + look_poll(l, p + 1);

		p[0] = (struct pollfd){.fd = zygote, .events = POLLIN};
		if (poll(p, (nfds_t)n, wait) < 0)
			continue;
		while (!zygote_answer(zygote, &m))
			look_zygote(l, &m);
		for (int i = 1; i < n; i++)
			if (p[i].revents)
				look_ready(l, &p[i], mono_now());
	}
}

int probe_run(enum look_kind kind, const char *target, int udp, int zygote)
{
	struct credentials login;
	struct look *l;
	int status;

	memset(&login, 0, sizeof(login));
	if (!line(login.user, sizeof(login.user)) ||
	    !line(login.password, sizeof(login.password))) {
		puts("{\"error\":\"invalid\",\"message\":"
		     "\"user or password is too long\",\"host\":null}");
		return 1;
	}
	l = look_new(kind, target, udp ? TRANSPORT_UDP : TRANSPORT_TCP, &login,
	    zygote);
	secret_wipe(&login, sizeof(login));
	if (!l)
		return 1;
	watch(l, zygote);
	status = !l->text || !strncmp(l->text, "{\"error\"", 8);
	if (l->text)
		puts(l->text);
	look_free(l);
	return fflush(stdout) ? 1 : status;
}
