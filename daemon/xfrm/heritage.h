/* What one xfrm knows of its Child SAs in the hands of the next, when another program takes over
 * (docs/DAEMON.md): the kernel goes on with them meanwhile. The file holds the keys of outbound SAs
 * that are not sent by yet. */
#ifndef XFRM_HERITAGE_H
#define XFRM_HERITAGE_H

#include "xfrm/install.h"

#define HERITAGE_OLDEST  2 /* that can be read */
#define HERITAGE_VERSION 3

/* All Child SAs, in a memory file; neither orphans, which the kernel tells of, nor traps and
 * shunts, which the configuration brings. -1: no memory. */
int stock_leave(const struct stock *i) must_use;
/* Go on with those of this file, which stays the caller's; `i` has none yet. Routes are asked for
 * when stock_routes() is called; what the kernel has of it, leftover_adopt() finds out. false: it
 * is not whole, or of a version that is not known; some of them may be there. */
bool stock_inherit(struct stock *i, int fd) must_use;

#endif
