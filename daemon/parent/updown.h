/* Scripts that are run when a Child SA has come up or gone (`updown`). Which one that is, the
 * configuration says; that it is time, net says. */
#ifndef PARENT_UPDOWN_H
#define PARENT_UPDOWN_H

#include "ops/mail.h"
#include "parent/host.h"
#include "parent/scripts.h"
#include "parent/virtual.h"
#include "shrike/event.h"

#define UPDOWN_MAX   65536 /* Child SAs with scripts at a time */
#define UPDOWN_GIVEN 1024  /* Child SAs whose numbers wait for CHILD_UP */
#define UPDOWN_PAIRS 64    /* of selectors of one Child SA: for each the script is run once */

struct up;

struct updown {
    /* Set by the owner. */
    struct scripts *scripts;
    const struct tell *tell;
    const struct virtuals *virtuals;
    const struct host *host;
    const char *interface; /* by which the traffic of tunnels comes; NULL: by that which has the
                            * address of their end, as the kernel does it */
    /* Its own. */
    struct up *buckets[256]; /* who is up, by serial */
    u32 count;
    bool warned;
    struct mail_numbers given[UPDOWN_GIVEN]; /* the last ones, by serial */
};

/* CHILD_UP, CHILD_DOWN or CHILD_REKEYED, after which it is the same to a script. One that goes has
 * the script that it came with, also when files were read again meanwhile. */
void updown_event(struct updown *u, const struct shrike_conf *conf, const struct shrike_event *e);
/* By these the kernel knows a Child SA that comes up next. */
void updown_numbers(struct updown *u, const struct mail_numbers *m);
void updown_close(struct updown *u);

#endif
