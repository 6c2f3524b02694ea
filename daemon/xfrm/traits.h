/* What the configuration says of the SAs and policies of a Child SA beside what is negotiated, with
 * the numbers that are given here (%unique). */
#ifndef XFRM_TRAITS_H
#define XFRM_TRAITS_H

#include "shrike/conf.h"
#include "xfrm/letter.h"

struct traits {
    struct letter_mark mark_in;  /* of inbound policies */
    struct letter_mark mark_out; /* of outbound ones, and of the outbound SA */
    struct letter_mark sa_in;    /* of the inbound SA */
    struct letter_mark set_in, set_out;
    u32 if_in, if_out;
    u32 priority; /* of policies; 0: as their selectors say */
    bool offload, must_offload, packet, no_policies;
    u32 device; /* that has packets; 0: none, or it is not known yet */
    bool link;  /* the parent makes its interface, and routes lead into it */
    bool lose_df, lose_ecn, lose_dscp, take_dscp;
    bool peer_ids; /* the interfaces are those of all Child SAs of the peer */
};

/* Numbers of one Child SA, where the configuration leaves them open. */
struct traits_numbers {
    u32 mark_in, mark_out, if_in, if_out;
};
void traits_make(struct traits *out, const struct shrike_plane_conf *conf,
                 const struct traits_numbers *n);

/* Do routes lead to its tunnel? What has a mark or an interface comes there by other ways. */
bool traits_routed(const struct traits *t);
/* Are packets told apart by the same marks and interfaces? */
bool traits_alike(const struct traits *a, const struct traits *b);
/* They as octets, for a hash; empty where there are none. */
#define TRAITS_OCTETS 24
struct bytes traits_octets(const struct traits *t, u8 out[TRAITS_OCTETS]);

#endif
