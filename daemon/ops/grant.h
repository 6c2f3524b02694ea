/* What a server of RADIUS has granted a peer, as it lies with its IKE SA: eap writes it, net looks
 * for addresses in it, and another eap goes on from it. */
#ifndef OPS_GRANT_H
#define OPS_GRANT_H

#include "base/cursor.h"
#include "lease/pool.h"
#include "shrike/action.h"

#define GRANT_VERSION 1 /* it lies in records, which another build may read */

struct mail_grant {
    u64 account;             /* names it in accounting; no two are the same */
    struct lease_gift gift;  /* addresses, and what goes with them */
    struct bytes attributes; /* of RADIUS, for eap alone */
};

void grant_write(struct writer *w, const struct mail_grant *g);
bool grant_read(struct bytes octets, struct mail_grant *g) must_use; /* slices of the octets */

#endif
