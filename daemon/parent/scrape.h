/* The socket at which control serves metrics. */
#ifndef PARENT_SCRAPE_H
#define PARENT_SCRAPE_H

#include "parent/tell.h"

struct scrape {
    struct shrike_endpoint at; /* family 0: none is wanted */
    int fd;                    /* -1: none is open */
};

/* Listen where it is wanted now. false: nothing has changed. What cannot be opened is told of, and
 * tried again the next time. */
bool scrape_open(struct scrape *s, const struct shrike_endpoint *at, const struct tell *tell);
void scrape_close(struct scrape *s); /* twice is fine */

#endif
