/*
 * config.h - the INI file that all programs share (libinih).
 *
 * A program gives a table of the keys that exist; an unknown section or key, a
 * key given twice or a value that does not parse is an error that names file
 * and line and says what is allowed. Nothing is applied before the whole file
 * has parsed. After the file come those named *.conf of the directory conf.d
 * beside it (/etc/saqta/conf.d), in the order of their names: a key of a later
 * file takes the place of an earlier one's. libinih hands over values cut at about 190 characters and then
 * returns an error: any non-zero return is fatal.
 */
#ifndef SAQTA_CONFIG_H
#define SAQTA_CONFIG_H

#include <stddef.h>
#include <stdio.h>

#include "storage/api/err.h"

#define CONFIG_PATH_DEFAULT "/etc/saqta/saqta.conf"
#define CONFIG_PATH_MAX 512

struct config {
	/* [site] */
	char site_name[64];	/* name, shown to people */
	char zone[64];		/* zone, such as Asia/Almaty */
	int demo;		/* demo: every page says DEMO */
	/* [storage] */
	char data[160];		/* data directory of the volume */
	char run[90];		/* directory of the sockets */
	char recorder_user[32];	/* user names that may use the sockets */
	char web_user[32];
	int segment_s;		/* 5..300, default 60 */
	int export_days;	/* a package is kept, 1..90, default 7 */
	int copy_minutes;	/* a person may copy in a day, 1..1000000, 6000 */
	int reserve_mb;		/* room kept for ledger, keyring, index */
	int witness_s;		/* at most that long between cosignatures */
	char ledger_copy[160];	/* directory, best of another disk */
	char host[160];		/* directory of what root's timer found */
	char backup[160];	/* directory of the nightly ones; "none" */
	int extra_days;		/* beyond six months, default 0 */
	int aim_s;		/* an aiming picture, 5..600, default 600 */
	/* [transactions] */
	char rules[160];	/* directory of NAME.conf (ej_rules.h) */
	char folder[160];	/* watched for journals; "none" */
	int threshold;		/* a sum from which an identity is checked */
	/* [recorder] */
	char recorder_state[160]; /* directory of the recorder's own key */
	int timeout_ms;		/* camera silence that counts as lost */
	/* [web] */
	char listen[64];	/* address, default 127.0.0.1 */
	int port;
	char proxy[64];		/* address of one in front; "": none */
	char web_state[160];	/* directory of tls.key and tls.crt */
	char ui[160];		/* directory of the pages */
	int idle_s;		/* sign out after that, default 900 */
	/* [alert] */
	char alert_url[160];	/* where saqta-web answers */
	char alert_pin[64];	/* sha256//... of its key; "": the CAs say */
	char credentials[160];	/* directory of alert_token, and others */
	char alert_state[160];	/* directory of the book */
	char texts[160];	/* text.json */
	char language[8];	/* en, ru, kk */
	char mail_server[160], mail_from[128], mail_to[180]; /* "": none */
	char mail_deputies[180]; /* beside mail_to, of what waits longer */
	char webhook[180], webhook_pin[64];	/* "": none; the CAs say */
	int digest_hour;	/* of a daily report, site time; 24: none */
	int every_s;		/* between two looks, default 30 */
	int cef;		/* yes: lines of CEF to syslog */
};

/*
 * Read the file at path into *ret. On failure says why on `why` (one line,
 * with file and line number) and leaves *ret alone.
 */
must_check enum err config_read(const char *path, struct config *ret,
    char *why, size_t why_n);

/*
 * Print every key with its value and, as a comment, the file that says it (or
 * "default"): a configuration file itself.
 */
must_check enum err config_print(const char *path, FILE *out, char *why,
    size_t why_n);

#endif
