/* The Child SAs of one esp in the hands of the next, which goes on with the numbers that it has
 * come to: when another program takes over (docs/DAEMON.md). The file holds the keys of ESP. */
#ifndef ESP_HANDOVER_H
#define ESP_HANDOVER_H

#include "esp/install.h"

#define HANDOVER_VERSION 5
#define HANDOVER_OLDEST  2 /* is read too; 2 knows no TFC padding, 2 and 3 no rules */

/* All pairs, orphans too, in a memory file; not the traps, which the configuration brings. After
 * this nothing may be sent or received by them here. -1: no memory. */
int handover_write(const struct installed *i) must_use;
/* Go on with those of this file, which stays the caller's; `i` has none yet. Routes are asked for
 * when installed_routes() is called. false: it is not whole, or of a version that is not known;
 * some of them may be there. */
bool handover_read(struct installed *i, int fd) must_use;

#endif
