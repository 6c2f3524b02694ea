/* Routing by destination address. */
#include "sim/router.h"
#include <stdlib.h>

static void router_forward(struct node *self, struct packet *p)
{
    struct router *r = (struct router *)self;

    if (++p->hops > PACKET_HOPS_MAX)
        world_fail(self->world, "a packet goes round in circles");
    if (r->tap)
        r->tap->forward(r->tap, packet_clone(p));
    for (unsigned i = 0; i < r->count; i++) {
        if (address_equal(&r->routes[i].address, &p->to)) {
            r->routes[i].to->forward(r->routes[i].to, p);
            return;
        }
    }
    self->world->counts.unroutable++; /* the answer to a spoofed address */
    free(p);
}

void router_init(struct router *r, struct world *w)
{
    memset(r, 0, sizeof *r);
    r->node = (struct node){
        .name = "router", .next_run_at = SHRIKE_NEVER, .forward = router_forward, .run = NULL};
    world_add(w, &r->node);
}

void router_set(struct router *r, const struct shrike_endpoint *address, struct node *to)
{
    for (unsigned i = 0; i < r->count; i++)
        if (address_equal(&r->routes[i].address, address))
            r->routes[i].to = to;
}

void router_add(struct router *r, const struct shrike_endpoint *address, struct node *to)
{
    ensure(r->count < ROUTES_MAX);
    r->routes[r->count].address = *address;
    r->routes[r->count++].to = to;
}
