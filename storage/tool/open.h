/*
 * open.h - `saqta open`: decrypt any age file to standard output.
 */
#ifndef SAQTA_TOOL_OPEN_H
#define SAQTA_TOOL_OPEN_H

/*
 * saqta open [-i IDENTITY_FILE]... [--passphrase-file FILE] [FILE]
 *
 * At least one of the two must be given. A passphrase is the first line of its
 * file. FILE, or standard input, may be a pipe. Only whole chunks whose tag fits
 * are printed. Exit 0 where the file was whole to its end; 1 where it was not
 * (what was printed is genuine all the same), or no identity and no passphrase
 * fits; 2 usage.
 */
int tool_open(int argc, char **argv);

#endif
