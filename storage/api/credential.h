/*
 * credential.h - secrets that systemd hands over (LoadCredentialEncrypted=).
 */
#ifndef SAQTA_CREDENTIAL_H
#define SAQTA_CREDENTIAL_H

/*
 * The directory of this unit's credentials, for the caller to close, where it
 * has one of that name; -1 where it has not, or no systemd started us.
 */
int credential_dir(const char *name);

#endif
