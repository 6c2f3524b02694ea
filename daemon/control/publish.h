/* The configuration on its way to those who use it: the snapshot to parent, keys, esp and net, the
 * secrets of the files to keys, whom this host trusts to certs, servers of RADIUS to eap. */
#ifndef CONTROL_PUBLISH_H
#define CONTROL_PUBLISH_H

#include "proc/seat.h"

#define PUBLISH_SOON (200 * SHRIKE_MS) /* what changes one by one is gathered so long ... */
#define PUBLISH_EACH 50                /* ... and so many microseconds for each connection */
#define PUBLISH_WAIT SHRIKE_SECOND     /* for the vault, when this process has just begun */

struct control;

struct publish {
    int snapshot; /* the newest, sealed; -1: none yet */
    int secrets;  /* those of the files, until keys has them; -1: none */
    int privates; /* likewise: their private keys */
    int radius;   /* servers of RADIUS (ops/radiusfile.h); -1: not known yet */
    int trust;    /* whom the files trust (ops/trustfile.h); -1: not known yet */
    u32 has;   /* a bit for each role that has the newest snapshot, of certs: the newest trust; of
                * eap: the newest servers */
    bool held; /* not before the vault has come */
    bool soon; /* the alarm is set: it goes out then */
    struct alarm late; /* no longer held; or soon is now */
};

void publish_open(struct control *c);
void publish_close(struct control *c);
/* The vault has come. */
void publish_release(struct control *c);
/* Seal what has changed, and give everybody what he lacks: called at each settling. true: somebody
 * lacks it still, since his queue is full. */
bool publish_settle(struct control *c);
/* A connection or the addresses of a name have changed, perhaps as one of many: it goes out when
 * others had the time to follow. */
void publish_soon(struct control *c);
/* What waits goes out now: a command follows that needs it. */
void publish_now(struct control *c);
/* Has this role the newest? Commands to it are of use from then on. */
bool publish_has(const struct control *c, enum role r);
/* A sealed memory file of private keys, which is closed here; -1: it could not be made. */
void publish_privates(struct control *c, int fd);
/* The files were read: their secrets and private keys go to keys, and are wiped here. */
void publish_secrets(struct control *c);
/* Whom they trust: a sealed memory file, which is taken, or -1: it could not be made. */
void publish_trust(struct control *c, int fd);
/* That role knows nothing any more. */
void publish_gone(struct control *c, enum role r);

#endif
