/* What the role of the data plane writes to the others. */
#ifndef PLANE_POST_H
#define PLANE_POST_H

#include "ops/mail.h"
#include "proc/seat.h"
#include "shrike/shrike.h"

/* To the parent: these selectors lead into the tunnel, or no longer. It answers with this number.
 */
void post_route(struct seat *s, u32 number, const struct mail_route *m);
/* Likewise: these are the numbers of a Child SA, which the parent wants to know first. */
void post_numbers(struct seat *s, u32 number, const struct mail_numbers *m);
/* To net: the answer to an INSTALL. false: net is not there, or has no room. */
bool post_answer(struct seat *s, struct shrike_token token, bool ok) must_use;
/* To net: an event; false as above. */
bool post_kernel(struct seat *s, const struct shrike_kernel_event *k);
/* To net: a datagram of its own; false as above. */
bool post_stray(struct seat *s, const struct mail_stray *m);
/* To control: the answer to STATS. To control or net: to COUNT. */
void post_stats(struct seat *s, u32 reference, const struct mail_stats *m);
void post_counts(struct seat *s, enum role to, u32 reference, const struct mail_count *counts,
                 u16 count);

#endif
