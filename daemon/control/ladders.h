/* The command `shrike-trace`: the last messages of IKE SAs, as net keeps them. */
#ifndef CONTROL_LADDERS_H
#define CONTROL_LADDERS_H

#include "proc/seat.h"
#include "vici/server.h"

#define LADDERS_AT_ONCE 4
#define LADDERS_WAIT    (2 * SHRIKE_SECOND) /* for net: then it is a failure */

struct control;

struct ladders_asks {
    struct ladders_ask {
        struct control *control;
        vici_ticket ticket; /* 0: free */
        u32 reference;
        u32 lost;                     /* a client that does not read */
        char peer[VICI_NAME_MAX + 1]; /* connection or address; "": all */
        struct alarm alarm;
    } at[LADDERS_AT_ONCE];
};

enum vici_reply ladders_command(void *ctx, const struct vici_request *r,
                                struct vici_writer *answer);
/* LADDER and LADDERS_END; false: it makes no sense. */
bool ladders_got(struct control *c, const struct mail *m);
void ladders_cancel(struct control *c, vici_ticket ticket);
void ladders_net_gone(struct control *c);
void ladders_close(struct control *c);

#endif
