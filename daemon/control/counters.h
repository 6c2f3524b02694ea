/* The commands get-counters and reset-counters: messages and rekeys, as net has counted them. */
#ifndef CONTROL_COUNTERS_H
#define CONTROL_COUNTERS_H

#include "proc/seat.h"
#include "shrike/count.h"
#include "vici/server.h"

#define COUNTERS_AT_ONCE 4
#define COUNTERS_WAIT    (2 * SHRIKE_SECOND) /* for net: then it is a failure */

struct control;

struct counters_asks {
    struct counters_ask {
        struct control *control;
        vici_ticket ticket; /* 0: free */
        u32 reference;
        bool reset, all, found;
        char conn[SHRIKE_COUNTED_NAME]; /* the connection wanted; "": the sum */
        struct alarm alarm;
        u8 *octets;           /* of the answer */
        struct vici_writer w; /* into them */
    } at[COUNTERS_AT_ONCE];
};

enum vici_reply counters_get(void *ctx, const struct vici_request *r, struct vici_writer *answer);
enum vici_reply counters_reset(void *ctx, const struct vici_request *r, struct vici_writer *answer);
/* TALLIES; false: it makes no sense. */
bool counters_got(struct control *c, const struct mail *m);
void counters_cancel(struct control *c, vici_ticket ticket);
void counters_net_gone(struct control *c);
void counters_close(struct control *c);

#endif
