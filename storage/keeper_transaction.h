/*
 * keeper_transaction.h - transactions in the keeper: a thread that writes
 * transactions.db, processes that read journals, a watched folder, and what is
 * erased with its footage.
 *
 * The loop never waits for transactions.db: batches go to the thread and are
 * answered when it has them.
 */
#ifndef SAQTA_KEEPER_TRANSACTION_H
#define SAQTA_KEEPER_TRANSACTION_H

#include "storage/index_transaction.h"
#include "storage/keeper.h"
#include "storage/worker.h"

#define IMPORTS_MAX 4			/* journals that are read at once */
#define PUSHES_MAX 16			/* batches of programs that wait */
#define IMPORT_BYTES_MAX (INT64_C(4) << 30)	/* of a file */
#define RULES_NAME_MAX 32
/* Settings of the index. */
#define TRANSACTIONS_THRESHOLD "transactions-threshold" /* i64, hundredths */
#define TRANSACTIONS_DAMAGED "transactions.db.damaged"
#define TRANSACTIONS_LOST "transactions-lost"	/* i64 ns: begun anew then */

/* Where a file of the watched folder lies: FOLDER/rules/name. */
struct folder_file {
	char rules[RULES_NAME_MAX + 1], name[128];
};

/* A journal that is being read. */
struct import {
	struct import *next;
	int pid;
	struct conn *conn;		/* the importer */
	struct conn *asker;		/* the tool, NULL when gone or none */
	uint32_t asker_id;
	struct folder_file file;	/* name "": not of the folder */
	bool over;			/* it was answered */
};

/* For the thread; one at a time of a connection. */
struct scribe_job {
	struct scribe_job *next;
	struct conn *conn;		/* who waits; NULL: gone, or nobody */
	uint32_t id;
	bool entered;			/* of a program: it is an import */
	unsigned char hash[HASH_BYTES];	/* of what it sent */
	struct transaction *t;		/* put these n; owned */
	int64_t *drop;			/* or drop these n; owned */
	size_t n, known, strange;
	enum err err;
};

struct transactions {
	struct index *written;		/* the thread's */
	struct index *read;
	struct worker *scribe;
	struct scribe_job *jobs;	/* with the thread */
	struct import *imports;
	int64_t next_folder_ns;
	bool folder_broken;
	/* the sweep of what is erased (keeper_forget.c) */
	int64_t next_sweep_ns, at_ns, at_id, swept_to_ns;
	uint64_t dropped;
	bool sweeping, dropping;
};

/* Open transactions.db, anew where it is damaged, and start the thread. */
must_check enum err transactions_start(struct keeper *k);
void transactions_stop(struct keeper *k);
int transactions_fd(const struct keeper *k);
/* In each turn: answer what the thread has done. */
void transactions_turn(struct keeper *k);
/* Each second. */
void transactions_tick(struct keeper *k);
/* c has gone: nobody waits there. */
void transactions_forget(struct keeper *k, const struct conn *c);
/* The site's own name of the ATM; false: no camera is at one of that name. */
bool transactions_name_atm(struct keeper *k,
    char atm[TRANSACTION_ATM_MAX + 1]);
/* Overwrite a file and remove it; one that is not there is gone. */
must_check enum err transactions_wipe(int data_fd, const char *name);
/* Give the thread a job (given, also on failure). */
must_check enum err scribe_put(struct keeper *k, struct scribe_job *j);

/* --- handle_import.c --- */
/* An entry with the number and the hash of what was imported. */
must_check enum err import_enter(struct keeper *k, uint64_t person,
    uint64_t events, const unsigned char hash[HASH_BYTES],
    uint64_t *ret_entry);
/*
 * Start reading the file fd (borrowed). ERR_BUSY, ERR_DISK_FULL,
 * ERR_TOO_LARGE, ERR_INVALID: no file, or a name that cannot be.
 */
must_check enum err import_begin(struct keeper *k, int fd, const char *rules,
    const char *atm, const char *encoding, struct import **ret);
/* The importer's connection is closed. */
void import_gone(struct keeper *k, const struct conn *c);

/* --- handle_align.c --- */
/*
 * An import says that the clock of that ATM's journal went back by so much, to
 * to_ns. More than what is open anyway: entered, an alarm, and less is known
 * from there on. Once, however often it is told.
 */
must_check enum err align_import(struct keeper *k, const char *atm,
    int64_t to_ns, int64_t back_ms);

/* --- keeper_folder.c --- */
void folder_tick(struct keeper *k);
/* A file of it was read: it goes to done or failed, with this report. */
void folder_done(struct keeper *k, const struct folder_file *f, bool fine,
    const char *summary, const void *report, size_t n);

/* --- keeper_forget.c --- */
/* A piece of the sweep; each second. */
void forget_tick(struct keeper *k);
void forget_dropped(struct keeper *k, const struct scribe_job *j);

/* --- handlers --- */
void handle_align(struct keeper *, struct conn *, struct wire *);
void handle_transactions_put(struct keeper *, struct conn *, struct wire *);
void handle_transactions_push(struct keeper *, struct conn *, struct wire *);
void handle_transactions_import(struct keeper *, struct conn *, struct wire *);
void handle_import_done(struct keeper *, struct conn *, struct wire *);
void handle_import_failed(struct keeper *, struct conn *, struct wire *);

#endif
