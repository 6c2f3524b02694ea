/* Pages for engines that live for a moment: asking the system for each anew costs more than a
 * handshake, so that pages given back are kept for the next engine. */
#ifndef PAIR_PAGE_CACHE_H
#define PAIR_PAGE_CACHE_H

#include "shrike/shrike.h"

/* One cache for the whole program (no threads). Kept pages are poisoned: under AddressSanitizer
 * their use after they were given back shows. */
struct shrike_pages page_cache(void);

#endif
