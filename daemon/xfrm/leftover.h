/* What a life before has left in the kernel: it goes on carrying packets until others are there in
 * its place, or its peers must have noticed. What other programs have put there is left alone. */
#ifndef XFRM_LEFTOVER_H
#define XFRM_LEFTOVER_H

#include "xfrm/install.h"

/* Take over what is ours, as orphans. Gives how many SAs and policies that are. */
u32 leftover_adopt(struct stock *i, shrike_time now);

#endif
