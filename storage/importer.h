/*
 * importer.h - the process that reads one journal, without any key.
 *
 * Started by the keeper as `saqta-storage importer` with two descriptors: 3
 * the keeper (SEQPACKET), 4 the file. It receives MSG_IMPORT_START, reads the
 * rules and the zone, then gives up all else (confine.h) and parses. Events go
 * to the keeper as lines (transaction.h) in MSG_TRANSACTIONS_PUT, at most
 * TRANSACTIONS_BATCH in one, the next after the answer; at the end
 * MSG_IMPORT_DONE, and it exits. What was wrong before that: MSG_ERROR with a
 * sentence.
 */
#ifndef SAQTA_IMPORTER_H
#define SAQTA_IMPORTER_H

/* Lines of a file that are complained of one by one; more are counted. */
#define IMPORT_REPORT_LINES 1000
#define IMPORT_REPORT_BYTES (160u << 10)

int importer_main(void);

#endif
