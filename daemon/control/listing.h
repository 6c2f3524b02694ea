/* Listings of SAs: gathered from net, counters from esp, then streamed to the client who asked, or
 * given to the task that looks for what it shall end or rekey. A slow client holds up its own
 * alone. */
#ifndef CONTROL_LISTING_H
#define CONTROL_LISTING_H

#include "control/sas.h"
#include "proc/loop.h"
#include "vici/server.h"

#define LISTINGS_GATHERING  8                    /* net lists 16 at a time; the others wait */
#define LISTINGS_OCTETS_MAX (128u * 1024 * 1024) /* of all that is gathered */
#define LISTING_WAIT        (10 * SHRIKE_SECOND) /* for net to be there, and for it to answer */
#define LISTING_COUNT_WAIT  (2 * SHRIKE_SECOND)  /* for esp: then it goes on without counters */

struct control;
struct mail;

struct listings {
    struct listing *all[VICI_CLIENTS_MAX]; /* one for each client that waits */
    u32 gathering;
    size_t octets;
};

/* For the client with this ticket. for_task: the answer goes to tasks_found(). false: no memory;
 * nobody is answered. */
bool listing_begin(struct control *c, vici_ticket ticket, const struct sas_filter *filter,
                   bool for_task) must_use;
/* The client is gone. */
void listing_cancel(struct control *c, vici_ticket ticket);
/* There is room for its stream again. */
void listing_goes_on(struct control *c, vici_ticket ticket);
/* Mail of net and esp; false: it makes no sense. */
bool listing_got_ike(struct control *c, const struct mail *m);
bool listing_got_child(struct control *c, const struct mail *m);
bool listing_got_end(struct control *c, const struct mail *m);
bool listing_got_counts(struct control *c, const struct mail *m);
/* The first net is there: what has waited for it begins. */
void listing_net_came(struct control *c);
/* net or esp has ended: what waits for it goes on without. */
void listing_net_gone(struct control *c);
void listing_esp_gone(struct control *c);
/* Nobody waits any more. */
void listing_close(struct control *c);

/* What was gathered, for tasks_found(): the next SA from *at on (begin with 0); one of the two
 * serials is 0: of a Child SA only `child` is given. false: that was all. */
struct listing;
bool listing_next(const struct listing *l, size_t *at, u32 *ike, u32 *child) must_use;

#endif
