/* Other addresses for an IKE SA and its Child SAs (RFC 7296 2.23, RFC 4555 3.5). */
#ifndef SA_MOVE_H
#define SA_MOVE_H

#include "sa/path.h"
#include "sa/shard.h"

/* What is to be done about the addresses of an IKE SA, and what is under way: ike_sa.roam. */
enum roam {
    ROAM_UPDATE = 1 << 0,   /* the peer is to be told which path it is: UPDATE_SA_ADDRESSES */
    ROAM_TELL = 1 << 1,     /* ... which addresses we have */
    ROAM_CHECK = 1 << 2,    /* it is to be asked whether it is where it says (RFC 4555 3.7) */
    ROAM_UPDATING = 1 << 3, /* our request in flight has ROAM_UPDATE */
    ROAM_CHECKING = 1 << 4, /* ... ROAM_CHECK */
    ROAM_PROBING = 1 << 5,  /* our request goes by every path there is, until one answers */
    ROAM_APART = 1 << 6,    /* the Child SAs are not where the IKE SA is */
    ROAM_DUE = 1 << 7,      /* the data plane is to be told of them as soon as there is room */
};

#define ROAM_IN_FLIGHT (ROAM_UPDATING | ROAM_CHECKING)

/* What has the Child SAs: this one, or the one that it is to replace or that has replaced it. */
struct ike_sa *move_holder(struct ike_sa *sa);
/* Messages go this way from now on, those of what it is to replace and of what is to replace it
 * too. The Child SAs stay where they are. */
void move_ike(struct shard *s, struct ike_sa *sa, const struct ring_path *path);
/* The Child SAs go the way that the IKE SA goes, encapsulated as it says. */
void move_children(struct shard *s, struct ike_sa *sa);
/* Tell the data plane what it could not be told before. */
void move_settle(struct shard *s, struct ike_sa *sa);

#endif
