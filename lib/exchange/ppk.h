/* Post-quantum preshared keys (RFC 8784): what the first key exchange gives, SK_d, SK_pi and SK_pr,
 * is stirred with a secret (PPK) that both ends have. The secret itself is not known here; the op
 * MIX goes to whoever holds it. Who may do without one proves itself with and without it. */
#ifndef EXCHANGE_PPK_H
#define EXCHANGE_PPK_H

#include "exchange/exchange.h"

/* IKE_SA_INIT, either side: USE_PPK, where a PPK may be used; and what the peer says of it. */
void ppk_offer(struct turn *t);
void ppk_note(struct turn *t);
/* The connection demands a PPK, and the peer uses none: FAIL with the reason. */
enum verdict ppk_demand(struct turn *t) must_use;
/* SK_pi or SK_pr, as it is used now. */
struct bytes ppk_sk_p(const struct turn *t, bool of_initiator);
/* Why a proof failed; with a PPK it may be that. */
enum shrike_reason_code ppk_reason(const struct turn *t, enum shrike_reason_code code);

/* ---- the initiator, in the request that has its AUTH ---- */

/* Is AUTH to be given without the PPK, too? */
bool ppk_optional(const struct turn *t);
/* The AUTH data of that. false: no memory. */
bool ppk_keep_plain(struct turn *t, struct bytes auth) must_use;
/* Let the keys be stirred; keep what came of it: ppk_sk_p() is of these from then on. */
enum verdict ppk_ask(struct turn *t) must_use;
enum verdict ppk_asked(struct turn *t) must_use;
/* PPK_IDENTITY, NO_PPK_AUTH. */
void ppk_add(struct turn *t);
/* The response with the peer's AUTH says whether the PPK is used by both: DONE or FAIL. */
enum verdict ppk_heed(struct turn *t) must_use;

/* ---- the responder, to that request ---- */

/* DONE: no PPK is to be used; else the keys are being stirred, or that cannot be. */
enum verdict ppk_take(struct turn *t) must_use;
/* They are, or who was asked does not know that PPK: DONE if it goes without. */
enum verdict ppk_taken(struct turn *t) must_use;
/* The peer's AUTH payload; without its PPK the data is that of NO_PPK_AUTH. false: there is none.
 */
bool ppk_read_auth(const struct turn *t, struct auth *out) must_use;
/* The reply with our AUTH: PPK_IDENTITY, when it is used. */
void ppk_tell(struct turn *t);

#endif
