/* Configuration payloads (RFC 7296 2.19, 2.20, 3.15): asking for internal addresses, and giving
 * them. */
#ifndef EXCHANGE_CP_H
#define EXCHANGE_CP_H

#include "exchange/exchange.h"
#include "sa/child.h"

/* ---- who needs addresses ---- */

/* Ask for those that the connection wants, in front of what asks for a Child SA: in IKE_AUTH, and
 * for a child that needs them, later. false: no memory. */
bool cp_ask(struct turn *t) must_use;
bool cp_needed(const struct ike_sa *sa, const struct shrike_child_conf *conf);
/* The response to that: DONE, or AWAIT while they are being set up; then cp_taken(). Without any
 * the turn's no_address says why. */
enum verdict cp_take(struct turn *t) must_use;
void cp_taken(struct turn *t);
/* Would this child need an internal address of ours that we do not have? */
bool cp_lacking(const struct ike_sa *sa, const struct shrike_child_conf *conf);

/* ---- who gives them ---- */

/* A request: DONE; AWAIT while addresses are being got, then cp_leased(); or REFUSE. Without any
 * the turn's no_address says why, if some were needed. */
enum verdict cp_lease(struct turn *t) must_use;
void cp_leased(struct turn *t);
/* Refuse one of our children, whose selectors at the peer's side need an internal address. DONE: it
 * has one, or needs none. */
enum verdict cp_admit(struct turn *t, const struct shrike_child_conf *conf) must_use;
/* A child is made, though the peer has not got the address that it asked for: an event. */
void cp_tell_refused(struct turn *t);
/* Answer the request's configuration payload, if there is one. */
void cp_reply(struct turn *t);

#endif
