/* Does the system check by its routes where packets come from? */
#ifndef PARENT_RP_FILTER_H
#define PARENT_RP_FILTER_H

#include <stdbool.h>

/* An interface takes packets only from where it would send answers to (RFC 3704 2.2): what comes
 * from a peer whose address is routed into the tunnel is dropped before we see it. */
bool rp_filter_strict(void);

#endif
