/* Memory for the engine: its pages, and how much of everything it may hold. */
#ifndef NET_MEMORY_H
#define NET_MEMORY_H

#include "shrike/shrike.h"

/* Pages that are in no core file and that a forked process does not see; wiped when given back. */
struct shrike_pages memory_pages(void);

/* A quarter of the memory of this host, at least 64 MiB and at most 1 GiB, by the system's count;
 * and from it how many SAs there may be: one IKE SA, with its Child SAs, packets and places in the
 * tables, is reckoned with 8 KiB, several times what it needs at rest, so that half-open ones and
 * messages in hand always find room. */
struct shrike_limits memory_limits(void);
struct shrike_limits memory_limits_of(uint64_t host_mib);

#endif
