/* Scenarios of the first two exchanges: what is agreed, what is refused and why. */
#ifndef SIM_HANDSHAKE_H
#define SIM_HANDSHAKE_H

#include "net.h"

void play_plain(struct net *n);
void play_cookie(struct net *n);
void play_invalid_ke(struct net *n);
void play_no_proposal(struct net *n);
void play_wrong_psk(struct net *n);
void play_eap(struct net *n);
void play_eap_refused(struct net *n);
void play_ppk(struct net *n);
void play_ppk_refused(struct net *n);
void play_wrong_id(struct net *n);
void play_ts_mismatch(struct net *n);
void play_child_fails(struct net *n);
void play_fragments(struct net *n);

#endif
