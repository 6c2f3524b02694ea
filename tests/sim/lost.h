/* Scenarios of what is lost and made again: peers that die or begin anew, pauses between attempts,
 * both ends that call at the same time, second SAs of one peer. */
#ifndef SIM_LOST_H
#define SIM_LOST_H

#include "net.h"

void play_reboot(struct net *n);
void play_forced(struct net *n);
void play_dpd_restart(struct net *n);
void play_both_restart(struct net *n);
void play_tries(struct net *n);
void play_close_action(struct net *n);
void play_both_call(struct net *n);
void play_unique(struct net *n);

#endif
