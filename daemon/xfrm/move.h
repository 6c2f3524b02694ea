/* Child SAs whose ends change. */
#ifndef XFRM_MOVE_H
#define XFRM_MOVE_H

#include "xfrm/install.h"

/* These are between other ends from now on; nothing for those that are not there, or may not be
 * there. */
void stock_move(struct stock *i, const struct shrike_move_op *op, shrike_time now);

#endif
