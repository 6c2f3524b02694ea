/* The last messages of one IKE SA as one letter: shrike/rung.h. */
#ifndef OPS_LADDER_H
#define OPS_LADDER_H

#include "ops/mail.h"
#include "shrike/rung.h"

#define LADDER_RUNGS 32 /* of one IKE SA: a handshake with many resends, or a day of rekeys */
#define LADDER_NAME  64 /* octets of a connection's name, NUL included; a longer one is cut */

struct mail_ladder {
    char conn[LADDER_NAME]; /* "": not known */
    bool stranger;          /* the peer has begun, and not proved who it is */
    u32 ike;                /* serial of the IKE SA */
    u16 count;
    struct shrike_rung rungs[LADDER_RUNGS]; /* the oldest first; without conn */
};
void ladder_write(struct writer *w, const struct mail_ladder *m);
bool ladder_read(struct reader *r, struct mail_ladder *m) must_use;

#endif
