/* A network address translator: one public address, ports given out per inner end, kept or changed,
 * forgotten after idleness or at once. */
#ifndef SIM_NAT_H
#define SIM_NAT_H

#include "sim/world.h"

#define NAT_MAPPINGS_MAX 64

struct nat_mapping {
    struct shrike_endpoint inner;
    u16 outer_port;
    shrike_time used;
};

struct nat {
    struct node inside;  /* packets from the inner host come here */
    struct node outside; /* packets from the world come here */
    struct node *world_side, *host_side;
    struct shrike_endpoint address; /* public */
    struct prng prng;
    struct nat_mapping mappings[NAT_MAPPINGS_MAX];
    unsigned count;
    bool keep_ports;    /* the outer port is the inner one when it is free */
    shrike_time expiry; /* of an idle mapping */
    u32 rebindings;
};

void nat_init(struct nat *n, struct world *w, struct node *world_side, struct node *host_side);
/* Forget every mapping: the next packet gets another port. */
void nat_rebind(struct nat *n);
/* This end has this port from now on. */
void nat_add(struct nat *n, const struct shrike_endpoint *inner, u16 port, u16 outer_port);
/* The inner end behind an outer one; the same end when it is not the NAT's or not mapped. */
struct shrike_endpoint nat_inner(const struct nat *n, const struct shrike_endpoint *outer);

#endif
