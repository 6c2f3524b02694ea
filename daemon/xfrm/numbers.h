/* Numbers for %unique: marks and XFRM interfaces that one Child SA has and no other. */
#ifndef XFRM_NUMBERS_H
#define XFRM_NUMBERS_H

#include "xfrm/child.h"

/* Given one after the other, and then again from 1 on. */
#define NUMBERS_MAX 0xffffff

struct numbers {
    u32 mark, id; /* the last ones */
    bool again;   /* those to come may still be in use */
};

/* What this child is to have: by its configuration and, where that leaves numbers open, those of
 * the one that it takes the place of (NULL: none), else new ones. false: all are in use. */
struct numbers_wish {
    const struct shrike_plane_conf *conf;
    const struct child *before;
    u64 rule; /* of its connection */
    const struct shrike_endpoint *remote;
};
bool numbers_give(struct numbers *n, const struct children *c, const struct numbers_wish *w,
                  struct traits *out) must_use;
/* The kernel has these from a life before. */
void numbers_seen(struct numbers *n, u32 mark, u32 id);

#endif
