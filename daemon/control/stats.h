/* The command `stats`: numbers of all roles. */
#ifndef CONTROL_STATS_H
#define CONTROL_STATS_H

#include "ops/mail.h"
#include "proc/seat.h"
#include "vici/server.h"

#define STATS_AT_ONCE 4
#define STATS_WAIT    SHRIKE_SECOND /* for the others: then what there is, is answered */

struct control;

struct stats_asks {
    struct stats_ask {
        struct control *control;
        vici_ticket ticket; /* 0: free */
        u32 reference;
        u32 waits; /* a bit for each role */
        struct alarm alarm;
        struct mail_stats of[ROLE_COUNT];
    } at[STATS_AT_ONCE];
};

enum vici_reply stats_command(void *ctx, const struct vici_request *r, struct vici_writer *answer);
/* STATS_ARE; false: it makes no sense. */
bool stats_got(struct control *c, enum role from, const struct mail *m);
void stats_cancel(struct control *c, vici_ticket ticket);
void stats_gone(struct control *c, enum role r); /* it will not answer */
void stats_close(struct control *c);

#endif
