/* Child SAs that have ended. That they have, net tells; what they carried, esp, a moment before or
 * after it: the event waits for the numbers. */
#ifndef CONTROL_ENDED_H
#define CONTROL_ENDED_H

#include "ops/mail.h"
#include "proc/loop.h"
#include "shrike/event.h"

#define ENDED_KEPT   1024                /* numbers whose event has not come yet; a power of two */
#define ENDED_PARKED 1024                /* events that wait; beyond, they go without numbers */
#define ENDED_WAIT   (SHRIKE_SECOND / 2) /* for numbers: then the event goes without */

struct control;

struct ended {
    struct mail_count counts[ENDED_KEPT]; /* by serial; a later one takes the place */
    struct mail_count taken;              /* handed out last */
    struct parked {
        u8 *octets; /* the mail of the event */
        size_t len;
        u32 serial; /* whose numbers are missing */
        shrike_time until;
    } parked[ENDED_PARKED]; /* in the order they came */
    u32 count;
    struct alarm alarm;
};

void ended_open(struct control *c);
void ended_close(struct control *c);
/* An event of net's, with the mail that it came in: does it wait? Else *counts are those of the
 * Child SA that has ended, or NULL: none has, or they are not to be had. */
bool ended_waits(struct control *c, const struct shrike_event *e, struct bytes mail,
                 const struct mail_count **counts);
/* net or esp has ended: serials may begin anew. */
void ended_forget(struct control *c);
/* What one carried that was removed. */
void ended_got(struct control *c, const struct mail_count *count);

#endif
