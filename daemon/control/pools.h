/* The commands load-pool, unload-pool and get-pools: pools of virtual addresses and who has which,
 * as net tells. */
#ifndef CONTROL_POOLS_H
#define CONTROL_POOLS_H

#include "proc/seat.h"
#include "vici/server.h"

#define POOLS_AT_ONCE 4
#define POOLS_WAIT    (2 * SHRIKE_SECOND) /* for net: then it is a failure */

struct control;

struct pools_asks {
    struct pools_ask {
        struct control *control;
        vici_ticket ticket; /* 0: free */
        u32 reference;
        char only[VICI_NAME_MAX + 1]; /* the pool wanted; "": all */
        struct alarm alarm;
        u8 *octets;           /* of the answer */
        struct vici_writer w; /* into them */
        bool in_pool, leases; /* its section is open; with its leases */
        u32 lease;            /* how many of this pool are there already */
    } at[POOLS_AT_ONCE];
};

enum vici_reply pools_load(void *ctx, const struct vici_request *r, struct vici_writer *answer);
enum vici_reply pools_unload(void *ctx, const struct vici_request *r, struct vici_writer *answer);
enum vici_reply pools_get(void *ctx, const struct vici_request *r, struct vici_writer *answer);
/* POOL, LEASE and POOLS_END; false: it makes no sense. */
bool pools_got(struct control *c, const struct mail *m);
void pools_cancel(struct control *c, vici_ticket ticket);
void pools_net_gone(struct control *c);
void pools_close(struct control *c);

#endif
