/* Address and port translation. */
#include "sim/nat.h"
#include "base/list.h"
#include <stdlib.h>

#define FIRST_PORT 20000

static void expire(struct nat *n)
{
    for (unsigned i = 0; i < n->count;) {
        if (n->inside.world->now - n->mappings[i].used > n->expiry) {
            n->mappings[i] = n->mappings[--n->count];
            n->rebindings++;
        } else {
            i++;
        }
    }
}

static struct nat_mapping *by_port(struct nat *n, u16 port)
{
    for (unsigned i = 0; i < n->count; i++)
        if (n->mappings[i].outer_port == port)
            return &n->mappings[i];
    return NULL;
}

static struct nat_mapping *mapping_for(struct nat *n, const struct shrike_endpoint *inner)
{
    u16 port = inner->port;

    for (unsigned i = 0; i < n->count; i++)
        if (endpoint_equal(&n->mappings[i].inner, inner))
            return &n->mappings[i];
    if (n->count == NAT_MAPPINGS_MAX)
        return NULL;
    while (!n->keep_ports || by_port(n, port)) {
        port = (u16)prng_between(&n->prng, FIRST_PORT, 65535);
        if (!by_port(n, port))
            break;
    }
    n->mappings[n->count] = (struct nat_mapping){.inner = *inner, .outer_port = port};
    return &n->mappings[n->count++];
}

static void from_inside(struct node *self, struct packet *p)
{
    struct nat *n = list_item(self, struct nat, inside);
    struct nat_mapping *m;

    expire(n);
    m = mapping_for(n, &p->from);
    if (m == NULL) {
        free(p);
        return;
    }
    m->used = self->world->now;
    p->from = n->address;
    p->from.port = m->outer_port;
    n->world_side->forward(n->world_side, p);
}

static void from_outside(struct node *self, struct packet *p)
{
    struct nat *n = list_item(self, struct nat, outside);
    struct nat_mapping *m;

    expire(n);
    m = by_port(n, p->to.port);
    if (m == NULL) {
        self->world->counts.unroutable++;
        free(p);
        return;
    }
    m->used = self->world->now;
    p->to = m->inner;
    n->host_side->forward(n->host_side, p);
}

void nat_init(struct nat *n, struct world *w, struct node *world_side, struct node *host_side)
{
    memset(n, 0, sizeof *n);
    n->inside = (struct node){
        .name = "nat inside", .next_run_at = SHRIKE_NEVER, .forward = from_inside, .run = NULL};
    n->outside = (struct node){
        .name = "nat outside", .next_run_at = SHRIKE_NEVER, .forward = from_outside, .run = NULL};
    n->world_side = world_side;
    n->host_side = host_side;
    n->prng = prng_fork(&w->prng);
    n->expiry = 600 * SHRIKE_SECOND;
    world_add(w, &n->inside);
    world_add(w, &n->outside);
}

void nat_rebind(struct nat *n)
{
    n->count = 0;
    n->rebindings++;
}

void nat_add(struct nat *n, const struct shrike_endpoint *inner, u16 port, u16 outer_port)
{
    ensure(n->count < NAT_MAPPINGS_MAX);
    n->mappings[n->count] = (struct nat_mapping){
        .inner = *inner, .outer_port = outer_port, .used = n->inside.world->now};
    n->mappings[n->count++].inner.port = port;
}

struct shrike_endpoint nat_inner(const struct nat *n, const struct shrike_endpoint *outer)
{
    for (unsigned i = 0; i < n->count; i++)
        if (address_equal(outer, &n->address) && n->mappings[i].outer_port == outer->port)
            return n->mappings[i].inner;
    return *outer;
}
