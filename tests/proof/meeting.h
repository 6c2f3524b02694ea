/* One run: two engines with an IKE SA and a Child SA, each side is told to do something, and
 * everything that is in flight arrives in an order that is chosen; one datagram may be lost or
 * doubled. */
#ifndef PROOF_MEETING_H
#define PROOF_MEETING_H

#include "explore.h"
#include "pair.h"

enum deed {
    REKEY_CHILD,
    REKEY_IKE,
    REAUTH,
    DELETE_CHILD,
    DELETE_IKE,
    CREATE,
    MOVE, /* its address is gone, and it has another one (RFC 4555) */
    DEED_COUNT
};

/* What is free besides the order of datagrams. */
enum freedom {
    PLANES, /* when each data plane carries out what it is asked for, and when the second begins */
    LOSS,   /* one datagram is lost */
    DOUBLE, /* one datagram arrives twice */
    FREEDOM_COUNT,
};

struct meeting {
    enum deed deed[2]; /* of side 0, which made the IKE SA, and of side 1 */
    enum freedom freedom;
    unsigned window;  /* requests under way at once, each way */
    unsigned lowest;  /* the side whose first nonce is the lowest of all */
    bool verbose;     /* say what happens */
    const char *what; /* result: what did not hold; NULL: everything did */
};

/* Make the run. false: something did not hold. */
bool meeting_run(struct meeting *m, struct explore *x);

extern const char *const deed_names[DEED_COUNT];
extern const char *const freedom_names[FREEDOM_COUNT];

#endif
