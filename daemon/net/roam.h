/* The addresses of this host for the engine: the parent knows them; which of them leads to the
 * peers, the system says. */
#ifndef NET_ROAM_H
#define NET_ROAM_H

#include "net/local.h"
#include "shrike/shrike.h"

#define ROAM_PEERS 16 /* peers asked for; who has more is a gateway, and stays where it is */

struct roam {
    struct shrike_addr here[SHRIKE_HOST_ADDRESSES_MAX], told[SHRIKE_HOST_ADDRESSES_MAX];
    u16 here_count, told_count;
    bool news; /* here[] came, and was not looked at yet */
    bool ever; /* told[] was told */
};

/* The parent says that addresses or routes have changed. false: that is not what this event is. */
bool roam_take(struct roam *r, const struct shrike_kernel_event *k) must_use;
/* Put those addresses in front by which the system would send to the peers of the engine's SAs now.
 * true: that differs from what was told last, and *out is to be told; it points into r. */
bool roam_tell(struct roam *r, const struct shrike *engine, struct local *l,
               struct shrike_kernel_event *out) must_use;

#endif
