/* The mode of a Child SA: what is said of it in place of tunnel mode (RFC 7296 1.3.1), and who
 * understands it. */
#ifndef EXCHANGE_MODE_H
#define EXCHANGE_MODE_H

#include "exchange/exchange.h"
#include "sa/child.h"

/* IKE_SA_INIT. BEET mode has a notify of private use, which means it only between those who both
 * say so by a vendor ID: say so, where it may be of use; note whether the peer does. */
void mode_offer(struct turn *t);
void mode_note(struct turn *t);

/* Does the peer understand what this mode is asked for by? */
bool mode_known(const struct ike_sa *sa, enum shrike_mode mode);
/* Ask for it, or agree to it. */
void mode_add(struct turn *t, enum shrike_mode mode);
/* What the message asks for, or agrees to. Of IP-TFS what requires more than is built is as if it
 * were not there (RFC 9347 5.1). */
enum shrike_mode mode_said(const struct turn *t);
/* It says that in IP-TFS the peer takes packets as a whole only. */
bool mode_whole(const struct turn *t);
/* Can packets of these selectors go in this mode? In BEET mode the addresses are those of the SA,
 * and in no packet: one on each side. */
bool mode_takes(enum shrike_mode mode, const struct ts_list *local, const struct ts_list *remote);

#endif
