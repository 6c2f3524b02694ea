/* Moving hosts of a swarm. */
#include "swarm_move.h"

enum { HOME = 1 };

static struct prng *dice(struct swarm *s)
{
    return &s->net->world.prng;
}

static unsigned all_of(const struct host *h)
{
    return (1u << h->uplink_count) - 1;
}

/* ---- drawing ---- */

void swarm_move_draw(struct swarm *s)
{
    s->roams = prng_percent(dice(s), 40);
    s->net->oracle.roams = s->roams;
    for (unsigned i = 0; i < s->host_count && s->roams; i++)
        s->hosts[i].roams = !s->hosts[i].is_evil && prng_percent(dice(s), 60);
    for (unsigned i = 0; i < s->host_count && s->roams; i++) {
        for (unsigned k = 0; k < s->hosts[i].peers; k++) {
            struct conf_knobs *here = &s->hosts[i].knobs[k];
            struct conf_knobs *there = &s->hosts[here->peer].knobs[swarm_back(s, i, k)];
            if (i < here->peer)
                here->mobike = there->mobike = prng_percent(dice(s), 85);
            here->roams = s->hosts[i].roams;
            here->from_anybody |= s->hosts[here->peer].roams;
        }
    }
}

/* ---- networks ---- */

static void add(struct host *h, struct shrike_endpoint address, struct node *out)
{
    h->uplinks[h->uplink_count++] = (struct host_uplink){.address = address, .out = out};
}

static void tell(struct swarm *s, struct swarm_host *h, unsigned networks)
{
    if (s->net->world.failed)
        return;
    host_move(&h->host, networks);
    host_tell_addresses(&h->host);
}

void swarm_move_build(struct swarm *s, unsigned i)
{
    struct swarm_host *h = &s->hosts[i];
    struct shrike_endpoint second = endpoint_v4(203, 0, 113, (u8)(i + 1), 0);
    struct shrike_endpoint six = endpoint_v6((u8)(i + 1), 0);

    if (!h->roams)
        return;
    add(&h->host, h->address, h->host.out);
    add(&h->host, second, &s->cloud.node);
    add(&h->host, six, &s->cloud.node);
    router_add(&s->middle, &second, &h->host.node);
    router_add(&s->middle, &six, &h->host.node);
    if (s->nat_count > 0) {
        u8 at = (u8)prng_below(dice(s), s->nat_count);
        struct shrike_endpoint inside = endpoint_v4(10, 250, at, (u8)(128 + i), 0);
        add(&h->host, inside, &s->nats[at].nat.inside);
        router_add(&s->nats[at].inside, &inside, &h->host.node);
    }
    tell(s, h, HOME | ((unsigned)prng_next(dice(s)) & all_of(&h->host)));
}

void swarm_move_one(struct swarm *s)
{
    unsigned first = (unsigned)prng_below(dice(s), s->host_count);

    for (unsigned i = 0; i < s->host_count; i++) {
        struct swarm_host *h = &s->hosts[(first + i) % s->host_count];
        if (!h->roams)
            continue;
        tell(s, h, (unsigned)prng_next(dice(s)) & all_of(&h->host));
        return;
    }
}

void swarm_move_home(struct swarm *s)
{
    for (unsigned i = 0; i < s->host_count; i++)
        if (s->hosts[i].roams)
            tell(s, &s->hosts[i],
                 HOME | ((unsigned)prng_next(dice(s)) & all_of(&s->hosts[i].host)));
}

void swarm_move_told(struct swarm *s, unsigned i)
{
    if (s->hosts[i].roams)
        host_tell_addresses(&s->hosts[i].host);
}

/* ---- do they find each other? ---- */

static bool has_address(const struct host *h, const struct shrike_endpoint *end)
{
    for (unsigned i = 0; i < h->uplink_count; i++)
        if (h->uplinks[i].up && address_equal(&h->uplinks[i].address, end))
            return true;
    return h->uplink_count == 0 && address_equal(&h->address, end);
}

/* The NAT with this address outside; NULL: none. */
static const struct nat *nat_at(const struct swarm *s, const struct shrike_endpoint *end)
{
    for (unsigned i = 0; i < s->nat_count; i++)
        if (address_equal(&s->nats[i].nat.address, end))
            return &s->nats[i].nat;
    return NULL;
}

static const char *stray(const struct swarm *s, const struct esp_pair *pair, const struct host *h,
                         const struct host *peer)
{
    const struct esp_pair *there = kernel_by_spi_in(&peer->kernel, pair->spi_out);
    const struct nat *nat = nat_at(s, &pair->remote);
    struct shrike_endpoint to = nat ? nat_inner(nat, &pair->remote) : pair->remote;

    if (there == NULL)
        return "a Child SA is installed at one end only";
    if (esp_difference(pair, there, true))
        return esp_difference(pair, there, true);
    if (!has_address(h, &pair->local))
        return "ESP comes from an address that is gone";
    if (nat && !pair->encap)
        return "ESP through a NAT without UDP encapsulation";
    if (nat && nat->rebindings > 0)
        return NULL; /* it may have forgotten: nobody's fault */
    if (!has_address(peer, &to))
        return "ESP goes to another address than the peer's";
    if (pair->encap && to.port != 4500)
        return "ESP in UDP goes to another port than the peer's";
    return NULL;
}

static void say(struct swarm *s, const struct host *h, const struct esp_pair *pair, const char *why)
{
    char from[ENDPOINT_TEXT_MAX], to[ENDPOINT_TEXT_MAX];

    world_say(&s->net->world, "%c   child %u, %s to %s%s: %s", h->letter, pair->child_serial,
              endpoint_text(&pair->local, from), endpoint_text(&pair->remote, to),
              pair->encap ? " in UDP" : "", why);
}

const char *swarm_move_strays(struct swarm *s)
{
    const char *why = NULL;

    for (unsigned i = 0; i < s->host_count && !why; i++) {
        const struct host *h = &s->hosts[i].host;
        const struct esp_pair *pair;
        size_t cursor = 0;
        while (!why && (pair = kernel_next(&h->kernel, &cursor)) != NULL) {
            const struct host *peer = oracle_peer(&s->net->oracle, h, pair);
            if (!h->lies && !peer->lies)
                why = stray(s, pair, h, peer);
            if (why)
                say(s, h, pair, why);
        }
    }
    return why;
}
