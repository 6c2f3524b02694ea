/* What each CREATE_CHILD_SA brings anew: nonces and, where there is a group, a key exchange (RFC
 * 7296 1.3, 2.17, 2.18). */
#ifndef EXCHANGE_FRESH_H
#define EXCHANGE_FRESH_H

#include "exchange/exchange.h"
#include "exchange/offer.h"

#define GROUPS_MAX 4 /* groups tried for one exchange */

/* Draw our nonce and, with a group, a key pair; its public half is kept for the message. */
bool fresh_draw(struct turn *t, struct work *work, u16 group) must_use;
/* What of it goes into a message. */
struct offer_between fresh_between(const struct work *work);

/* Both sides' values together. */
struct fresh {
    struct key_seed seed; /* points into the message, the work, and secret; without SPIs */
    struct lowest lowest; /* of both nonces */
    u8 secret[KE_SECRET_MAX];
};
/* Put together what the message in t has and what we have drawn. DONE, or REFUSE with a reason.
 * Wipe it by fresh_wipe(). */
enum verdict fresh_join(struct turn *t, struct work *work, struct fresh *out) must_use;
void fresh_wipe(struct fresh *f);

/* The group that an INVALID_KE_PAYLOAD asks for, if it is one of these proposals and not the one
 * that was tried; else KE_NONE. */
u16 fresh_other_group(const struct notify *n, const struct shrike_proposal *ours, unsigned count,
                      u16 tried);

#endif
