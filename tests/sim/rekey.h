/* Scenarios of rekeying and authenticating anew. */
#ifndef SIM_REKEY_H
#define SIM_REKEY_H

#include "net.h"

void play_rekey(struct net *n);
void play_reauth(struct net *n);

#endif
