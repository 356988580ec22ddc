/*
 * doctor.h - saqta doctor: what ails the appliance, why, and the one command
 * that mends it.
 */
#ifndef SAQTA_TOOL_DOCTOR_H
#define SAQTA_TOOL_DOCTOR_H

#include <stdbool.h>

#include "storage/api/config.h"
#include "storage/tool/json.h"

/* As monitoring plugins exit: the worst of all findings; UNKNOWN: no looking. */
enum health { HEALTH_OK = 0, HEALTH_WARNING, HEALTH_CRITICAL, HEALTH_UNKNOWN };

/* Findings as they are made: an array of {"check","state","text","mend"}. */
struct doctor {
	const struct config *conf;
	const char *conf_path;
	json_t *findings;
	enum health worst;
};

/*
 * One finding: what was looked at ("camera cam1"), how it is and why, and the
 * command that mends it (NULL: there is nothing to do, or no one command).
 */
__attribute__((format(printf, 5, 6)))
void doctor_found(struct doctor *d, enum health state, const char *check,
    const char *mend, const char *format, ...);

/* What storage tells: the answers "status" and "cameras". */
void doctor_status(struct doctor *d, const json_t *status);
void doctor_cameras(struct doctor *d, const json_t *cameras);

/*
 * May the unit of saqta-storage write there after its next start? What runs now
 * may have seen a disk mounted that it may not write to then. true where it is
 * no unit.
 */
bool unit_may_write(const struct config *conf, const char *path);
/* What is installed, and whether the programs run as it is. */
void doctor_programs(struct doctor *d);
/* What the machine tells: swap, disks, RAID, clock, port, certificate. */
void doctor_host(struct doctor *d);
/* A data directory without a site: away, or a new box's. */
void doctor_site(struct doctor *d);
/* Storage does not answer (text: in its words, or ""): why. */
void doctor_storage_away(struct doctor *d, const char *text);
/* What a program prints, at most n - 1 bytes; false where it failed. */
bool doctor_printed(const char *path, char *const *argv, char *buf, size_t n);
/* Each volume of "status": its copy of the keyring, encryption below it. */
void doctor_volumes(struct doctor *d, const json_t *status);

/* Days until the PEM certificate at path ends; false where it is none. */
bool certificate_days(const char *path, long *ret_days);

enum shown { SHOWN_NONE, SHOWN, SHOWN_OTHER };
/*
 * What who answers at the connected socket fd shows as its certificate, and the
 * days until that ends: SHOWN_NONE where it speaks no TLS, SHOWN_OTHER where
 * there is a file at path, and it is not that one; path NULL: it does not
 * matter. Blocks.
 */
enum shown certificate_shown(int fd, const char *path, long *ret_days);

int tool_doctor(int argc, char **argv);
#endif
