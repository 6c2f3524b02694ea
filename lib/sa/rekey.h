/* What becomes of an SA and of those that are to replace it, when both sides may rekey it at the
 * same time (RFC 7296 2.8.1, 2.8.2, 2.25). Pure: facts in, what to do out; the same rules for Child
 * SAs and IKE SAs. */
#ifndef SA_REKEY_H
#define SA_REKEY_H

#include "base/bytes.h"

/* Our nonces are this long, and one of ours is in each exchange: of a longer one more cannot
 * matter. */
#define LOWEST_LEN 32

/* The lower one of an exchange's two nonces. */
struct lowest {
    u8 octets[LOWEST_LEN];
    u8 len;
};
void lowest_of(struct bytes ni, struct bytes nr, struct lowest *out);
/* Below 0: a is lower, as RFC 7296 2.8.1 compares; 0: equal. */
int lowest_compare(const struct lowest *a, const struct lowest *b);

/* How far a replacement is, seen from here. */
enum rekey_stage {
    REKEY_NONE,    /* there is none, or it is gone again */
    REKEY_PENDING, /* it may still fail */
    REKEY_UP,
};

/* The replacement that we asked for, and the one that the peer asked for. */
struct rekey_view {
    enum rekey_stage ours, theirs;
    const struct lowest *ours_lowest, *theirs_lowest; /* of those that are up */
};

enum rekey_move {
    REKEY_WAIT,       /* it is not decided yet, or there is nothing to decide */
    REKEY_OURS_STAYS, /* we delete the old SA; the peer deletes its replacement, if there is one */
    REKEY_THEIRS_STAYS, /* the peer deletes the old SA; we delete our replacement */
};
enum rekey_move rekey_move(const struct rekey_view *v);

/* A request to rekey an SA. */
struct rekey_request {
    bool known;    /* the SA is there */
    bool ending;   /* we are about to delete it */
    bool replaced; /* the peer has made, or is making, a replacement for it already */
    bool barred;   /* an exchange of ours does not go with it: about the IKE SA when this is about a
                    * child, about a child when this is about the IKE SA */
};
enum rekey_answer {
    REKEY_TAKE,
    REKEY_GONE,    /* CHILD_SA_NOT_FOUND */
    REKEY_NOT_NOW, /* TEMPORARY_FAILURE */
};
enum rekey_answer rekey_answer(const struct rekey_request *q);

#endif
