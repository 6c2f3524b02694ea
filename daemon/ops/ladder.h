/* The last messages of one IKE SA as one letter: shrike/rung.h. And who asks for them. */
#ifndef OPS_LADDER_H
#define OPS_LADDER_H

#include "ops/mail.h"
#include "shrike/rung.h"

#define LADDER_RUNGS 32 /* of one IKE SA: a handshake with many resends, or a day of rekeys */
/* Octets of texts, NUL included; longer ones are cut. */
#define LADDER_NAME     64  /* of a connection */
#define LADDER_IDENTITY 128 /* of the peer */
#define LADDER_PEER     256 /* of who is asked for */
/* Of a datagram, so that it fits into one mail: a larger one is not kept. */
#define LADDER_DATAGRAM_MAX 65000

struct mail_ladder {
    char conn[LADDER_NAME]; /* "": not known */
    bool stranger;          /* the peer has begun, and not proved who it is */
    u32 ike;                /* serial of the IKE SA */
    u16 count;
    u32 lost;                               /* of who follows: messages that were not told */
    char identity[LADDER_IDENTITY];         /* of the peer; "": not known */
    struct shrike_rung rungs[LADDER_RUNGS]; /* the oldest first; without conn */
};
void ladder_write(struct writer *w, const struct mail_ladder *m);
bool ladder_read(struct reader *r, struct mail_ladder *m) must_use;

/* Whose messages, and whether those that come are told, too. */
struct mail_trace {
    bool follow;
    bool octets;            /* of those that come, as they are on the wire */
    char peer[LADDER_PEER]; /* a connection, #7, an address or an identity; "": all */
};
void trace_write(struct writer *w, const struct mail_trace *m);
bool trace_read(struct reader *r, struct mail_trace *m) must_use;

/* A datagram as it was on the wire. */
struct mail_datagram {
    shrike_time when;
    bool sent;
    u32 lost; /* that were not told since the last one */
    struct shrike_endpoint local, remote;
    struct bytes data; /* with the marker of port 4500; a slice of the reader's */
};
void datagram_write(struct writer *w, const struct mail_datagram *m);
bool datagram_read(struct reader *r, struct mail_datagram *m) must_use;

#endif
