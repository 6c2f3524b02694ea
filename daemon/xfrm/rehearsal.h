/* Does the kernel move SAs to other ends by itself, and hand on all that they have? */
#ifndef XFRM_REHEARSAL_H
#define XFRM_REHEARSAL_H

#include "xfrm/kernel.h"

/* One that nobody uses is moved, under this SPI and number, between addresses of this host itself.
 * Nothing of it stays. Some kernels cannot, and some forget the sequence numbers or more of it. */
bool rehearse_move(struct kernel *k, u32 spi, u32 reqid);

#endif
