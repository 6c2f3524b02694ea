/* The middle of the network: hands each packet to whoever has its destination address, and a copy
 * to whoever listens. */
#ifndef SIM_ROUTER_H
#define SIM_ROUTER_H

#include "sim/world.h"

#define ROUTES_MAX 256

struct router {
    struct node node;
    struct {
        struct shrike_endpoint address; /* its port does not matter */
        struct node *to;
    } routes[ROUTES_MAX];
    unsigned count;
    struct node *tap; /* sees a copy of everything; NULL: nobody */
};

void router_init(struct router *r, struct world *w);
void router_set(struct router *r, const struct shrike_endpoint *address, struct node *to);
void router_add(struct router *r, const struct shrike_endpoint *address, struct node *to);

#endif
