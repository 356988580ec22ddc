/* main.c - saqta: the tool of operator and custodian at the console. */
#include <stdio.h>
#include <string.h>

#include "storage/api/log.h"
#include "storage/tool/backup.h"
#include "storage/tool/check.h"
#include "storage/tool/config.h"
#include "storage/tool/console.h"
#include "storage/tool/control.h"
#include "storage/tool/doctor.h"
#include "storage/tool/init.h"
#include "storage/tool/open.h"
#include "storage/tool/paper.h"
#include "storage/tool/destroy.h"
#include "storage/tool/recover.h"
#include "storage/tool/policy.h"
#include "storage/tool/transactions.h"
#include "storage/tool/verify.h"
#include "storage/tool/retention.h"
#include "storage/tool/setup.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *what;
} verbs[] = {
    {"init", tool_init, "set up a site: keys, first custodian, paper key"},
    {"setup", tool_setup, "set-up in the browser: its code and address"},
    {"user", tool_user, "add people"},
    {"token", tool_token, "add, list and end tokens of other programs"},
    {"volume", tool_volume, "add and list the volumes that footage lies on"},
    {"witness", tool_witness, "who witnesses our log, whose we witness"},
    {"ledger", tool_ledger, "confirm a new epoch, give the log another key"},
    {"camera", tool_camera,
	"add, list, probe, switch, replace, retire cameras"},
    {"atm", tool_atm, "say that an ATM was moved"},
    {"backup", tool_backup, "what is not footage, without any key to it"},
    {"restore", tool_restore, "a backup, beside the volumes that are left"},
    {"destroy", tool_destroy, "a site that has ended leaves nothing behind"},
    {"config", tool_configuration, "check and show the configuration"},
    {"status", tool_status, "how the appliance does"},
    {"doctor", tool_doctor, "what ails the appliance, and what mends it"},
    {"metrics", tool_metrics, "numbers for a monitoring system"},
    {"coverage", tool_coverage, "what is recorded, and why not"},
    {"check", tool_check, "prove the data directory, without any key"},
    {"transactions", tool_transactions, "import the journals of ATMs"},
    {"scrub", tool_scrub, "look at all footage anew, while recording goes on"},
    {"forecast", tool_forecast, "how long the disks last"},
    {"rebuild", tool_rebuild, "make the index anew, while recording goes on"},
    {"policy", tool_policy, "print the policy with which others verify"},
    {"verify", tool_verify, "prove an evidence package, as an outsider"},
    {"retention", tool_retention, "what is due; longer terms"},
    {"hold", tool_hold, "list, place and release holds"},
    {"clock", tool_clock, "the retention clock; vouch for the wall clock"},
    {"open", tool_open, "decrypt an age file with an identity"},
    {"paper", tool_paper, "join the halves of the paper key; replace it"},
    {"recover", tool_recover, "all custodians are lost: a new one"},
};

int main(int argc, char **argv)
{
	log_name("saqta");
	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]);
	     i++)
		if (!strcmp(argv[1], verbs[i].name))
			return verbs[i].run(argc - 1, argv + 1);
	if (argc == 2 && !strcmp(argv[1], "--version")) {
		printf("saqta %s\n", SAQTA_VERSION);
		return EXIT_FINE;
	}
	fprintf(stderr, "usage: saqta VERB ...\n\n");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		fprintf(stderr, "  %-12s %s\n", verbs[i].name, verbs[i].what);
	return EXIT_USAGE;
}
