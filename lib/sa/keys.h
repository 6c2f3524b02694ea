/* Keys of an IKE SA, kept as long as its suite makes them: an AEAD's take half the room of others.
 */
#ifndef SA_KEYS_H
#define SA_KEYS_H

#include "sa/shard.h"

/* In the order of RFC 7296 2.14. */
enum sa_key { SK_D, SK_AI, SK_AR, SK_EI, SK_ER, SK_COUNT };

/* Keep a copy, instead of those that it had. false: no memory. */
bool keys_keep(struct shard *s, struct ike_sa *sa, const struct ike_keys *keys) must_use;
/* One of them; empty when the suite has none of the kind. The SA has keys. */
struct bytes keys_get(const struct ike_sa *sa, enum sa_key which);
/* SK_d is another one, as long. */
void keys_change_d(struct ike_sa *sa, struct bytes d);
/* All of them, each in its full place, zeros behind and for those that are not there. The caller
 * wipes them. */
void keys_spread(const struct ike_sa *sa, struct ike_keys *out);

#endif
