/* The state of the end. */
#include "oracle_end.h"
#include "host_log.h"

static struct host *peer_of(const struct oracle *o, const struct host *h, const struct host_ike *sa)
{
    for (unsigned i = 0; o->led && i < o->host_count; i++)
        if (o->hosts[i] != h && host_ike(o->hosts[i], sa->spi_i, sa->spi_r))
            return o->hosts[i];
    return o->hosts[h->knobs[sa->conn].peer];
}

/* Every IKE SA of this host is up at its peer too. */
static const char *ikes_differ(const struct oracle *o, const struct host *h)
{
    for (size_t i = 0; i < h->ike_count; i++) {
        const struct host_ike *sa = &h->ikes[i];
        struct host *peer = peer_of(o, h, sa);
        const struct host_ike *there;
        if (!sa->up || h->lies || peer->lies)
            continue;
        there = host_ike(peer, sa->spi_i, sa->spi_r);
        if (there == NULL || !there->up)
            return "an IKE SA is up at one end only";
        if (!sa->compared)
            return "the keys of an IKE SA have not been compared";
    }
    return NULL;
}

static const char *pairs_differ(const struct oracle *o, const struct host *h)
{
    size_t cursor = 0;
    const struct esp_pair *pair;

    while ((pair = kernel_next(&h->kernel, &cursor)) != NULL) {
        const struct host *peer = oracle_peer(o, h, pair);
        const struct esp_pair *there = kernel_by_spi_in(&peer->kernel, pair->spi_out);
        if (h->lies || peer->lies)
            continue;
        if (there == NULL || !esp_is_mirror(pair, there))
            return "a Child SA is installed at one end only";
        if (!pair->compared)
            return "a Child SA has not been compared";
    }
    return NULL;
}

static const char *host_busy(const struct host *h)
{
    struct shrike_stats s = host_stats(h);

    if (s.handshakes != 0)
        return "a handshake is under way";
    if (s.half_open != 0)
        return "an SA is half-open";
    if (s.works != 0)
        return "an exchange is under way";
    if (h->op_count != 0)
        return "an op is open";
    if (host_commands_open(h) != 0)
        return "a command is not answered";
    if (s.child_sas != h->kernel.installed)
        return "the engine and the data plane count other Child SAs";
    return NULL;
}

const char *oracle_settled(const struct oracle *o)
{
    const char *why = NULL;

    for (unsigned i = 0; i < o->host_count && why == NULL; i++)
        why = host_busy(o->hosts[i]);
    for (unsigned i = 0; i < o->host_count && why == NULL; i++)
        why = ikes_differ(o, o->hosts[i]);
    for (unsigned i = 0; i < o->host_count && why == NULL; i++)
        why = pairs_differ(o, o->hosts[i]);
    return why;
}

/* A packet that one end seals is opened by the other: SPI and key meet, and the outer addresses
 * lead from one to the other (a NAT that forgot its mapping since is no fault of the hosts). */
static const char *carries(const struct oracle *o, const struct host *h)
{
    size_t cursor = 0;
    const struct esp_pair *pair;

    while ((pair = kernel_next(&h->kernel, &cursor)) != NULL) {
        const struct host *peer = oracle_peer(o, h, pair);
        const struct esp_pair *there = kernel_by_spi_in(&peer->kernel, pair->spi_out);
        struct shrike_endpoint to = pair->remote;

        if (h->lies || peer->lies)
            continue;
        if (there == NULL || esp_difference(pair, there, true))
            return "what one end seals, the other cannot open";
        if ((h->nat || peer->nat) && !pair->encap)
            return "ESP through a NAT without UDP encapsulation";
        if ((h->nat && h->nat->rebindings > 0) || (peer->nat && peer->nat->rebindings > 0))
            continue;
        if (peer->nat)
            to = nat_inner(peer->nat, &pair->remote);
        if (!address_equal(&to, &there->local))
            return "ESP goes to another address than the peer's";
        if (pair->encap && to.port != there->local.port)
            return "ESP in UDP goes to another port than the peer's";
    }
    return NULL;
}

const char *oracle_carries(const struct oracle *o)
{
    const char *why = NULL;

    for (unsigned i = 0; i < o->host_count && why == NULL; i++)
        why = carries(o, o->hosts[i]);
    return why;
}

const char *oracle_empty(const struct host *h)
{
    struct shrike_stats s = host_stats(h);

    if (s.ike_sas != 0)
        return "an IKE SA is left";
    if (s.child_sas != 0)
        return "a Child SA is left";
    if (s.handshakes != 0)
        return "a handshake is left";
    if (s.packets != 0)
        return "a packet is left";
    if (s.works != 0)
        return "a work is left";
    if (s.half_open != 0)
        return "the count of half-open SAs is not zero";
    if (s.bytes_live != h->at_start.bytes_live)
        return "live octets are left";
    if (h->kernel.installed != 0)
        return "a Child SA is left in the data plane";
    if (h->leased.count != 0 || h->used.count != 0)
        return "an internal address is not given back";
    if (host_commands_open(h) != 0)
        return "a command was never answered";
    if (h->op_count != 0)
        return "an op is open";
    return NULL;
}

const char *oracle_secrets(struct oracle *o, const struct host *h)
{
    needles_add(&o->needles, bytes_of(h->keys.secret, h->keys.secret_len), "the shared key");
    return pages_search(&h->pages, &o->needles);
}
