/* Pools and their leases for control: who has which virtual address. */
#ifndef NET_POOLS_H
#define NET_POOLS_H

#include "lease/book.h"
#include "proc/seat.h"

#define POOLS_LEASES_MAX 4096 /* shown of one pool: what one answer of the control socket holds */

/* Send all pools of the book, and their leases if these are wanted, as answer to this reference. */
void pools_tell(struct seat *seat, const struct book *book, u32 reference, bool leases);

#endif
