/* NAT detection (RFC 7296 2.23): a hash of each end's address tells whether it was translated. */
#ifndef EXCHANGE_NATD_H
#define EXCHANGE_NATD_H

#include "exchange/exchange.h"

/* Add both NAT_DETECTION notifies for the path of this SA. */
void natd_add(struct turn *t);
/* Compare those of the message with the path it took: sets nat_here, nat_there and encap_forced. */
void natd_check(struct turn *t);

#endif
