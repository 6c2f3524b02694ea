/* Whom this host trusts, and which of it counts for which connection, as the file that certs takes
 * (ops/trustfile.h). */
#ifndef CONTROL_TRUST_H
#define CONTROL_TRUST_H

#include "config/wallet.h"

/* A sealed memory file, and a hash of what is in it; -1: the system refuses, or there is too much.
 */
int trust_make(const struct wallet *w, const struct config *config, const struct config_more *more,
               u64 *hash) must_use;

#endif
