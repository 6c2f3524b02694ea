/* Traffic selectors: see narrow.h. */
#include "sa/narrow.h"

enum { PORT_LAST = 65535, ADDR_MAX = 16 };

/* RFC 7296 3.13.1 (4), RFC 4301 4.4.1.1: packets whose ports cannot be seen. */
static bool opaque(const struct shrike_ts *ts)
{
    return ts->port_from == PORT_LAST && ts->port_to == 0;
}

/* RFC 7296 3.13.1: any port, and packets without one. */
static bool any_port(const struct shrike_ts *ts)
{
    return ts->port_from == 0 && ts->port_to == PORT_LAST;
}

/* Protocols with ports, or with a type and code in their place (RFC 4301 4.4.1.1). */
static bool has_ports(u8 protocol)
{
    static const u8 protocols[] = {
        1,   /* ICMP */
        6,   /* TCP */
        17,  /* UDP */
        33,  /* DCCP */
        58,  /* ICMPv6 */
        132, /* SCTP */
        135, /* Mobility Header */
        136, /* UDP-Lite */
    };
    return memchr(protocols, protocol, sizeof(protocols)) != NULL;
}

static bool intersect_ports(const struct shrike_ts *a, const struct shrike_ts *b,
                            struct shrike_ts *out)
{
    if (opaque(a) || opaque(b)) {
        out->port_from = PORT_LAST;
        out->port_to = 0;
        return out->protocol != 0 && (opaque(a) || any_port(a)) && (opaque(b) || any_port(b));
    }
    out->port_from = MAX(a->port_from, b->port_from);
    out->port_to = MIN(a->port_to, b->port_to);
    /* RFC 7296 3.13.1 (1, 2): no ports for protocol 0, nor for one that has none. */
    if (!has_ports(out->protocol) && !any_port(out))
        return false;
    return out->port_from <= out->port_to;
}

bool ts_intersect(const struct shrike_ts *a, const struct shrike_ts *b, struct shrike_ts *out)
{
    struct shrike_ts both = {.family = a->family};
    if (a->family != b->family || a->family == 0)
        return false;
    if (a->protocol != 0 && b->protocol != 0 && a->protocol != b->protocol)
        return false;
    both.protocol = a->protocol ? a->protocol : b->protocol;
    memcpy(both.from, memcmp(a->from, b->from, ADDR_MAX) > 0 ? a->from : b->from, ADDR_MAX);
    memcpy(both.to, memcmp(a->to, b->to, ADDR_MAX) < 0 ? a->to : b->to, ADDR_MAX);
    if (memcmp(both.from, both.to, ADDR_MAX) > 0 || !intersect_ports(a, b, &both))
        return false;
    *out = both;
    return true;
}

bool ts_contains(const struct shrike_ts *outer, const struct shrike_ts *inner)
{
    if (outer->family != inner->family || outer->family == 0)
        return false;
    if (outer->protocol != 0 && outer->protocol != inner->protocol)
        return false;
    if (memcmp(outer->from, inner->from, ADDR_MAX) > 0 ||
        memcmp(outer->to, inner->to, ADDR_MAX) < 0)
        return false;
    if (any_port(outer))
        return true;
    if (opaque(outer) || opaque(inner))
        return opaque(outer) && opaque(inner);
    return outer->port_from <= inner->port_from && outer->port_to >= inner->port_to;
}

/* Add a selector unless one that is there contains it; it takes the place of those that it
 * contains. */
static void add(struct ts_list *list, const struct shrike_ts *ts)
{
    unsigned kept = 0;
    bool placed = false;
    for (unsigned i = 0; i < list->count; i++) {
        if (ts_contains(&list->ts[i], ts))
            return;
    }
    for (unsigned i = 0; i < list->count; i++) {
        if (!ts_contains(ts, &list->ts[i])) {
            list->ts[kept++] = list->ts[i];
        } else if (!placed) {
            list->ts[kept++] = *ts;
            placed = true;
        }
    }
    if (!placed && kept < SHRIKE_TS_MAX)
        list->ts[kept++] = *ts;
    list->count = (u8)kept;
}

/* RFC 7296 2.9 (2, 4): the answer is a part of the offer, and holds the first selectors when it
 * can. They come first, and nothing is dropped but what another one contains, or what is beyond the
 * cap. */
bool narrow(const struct ts_list *offered, const struct shrike_ts *allowed, unsigned count,
            struct ts_list *out)
{
    struct ts_list chosen = {0};
    for (unsigned i = 0; i < offered->count; i++) {
        for (unsigned k = 0; k < count; k++) {
            struct shrike_ts both;
            if (ts_intersect(&offered->ts[i], &allowed[k], &both))
                add(&chosen, fault(18) ? &offered->ts[i] : &both);
        }
    }
    *out = chosen;
    return out->count > 0;
}

bool narrow_verify(const struct ts_list *answered, const struct shrike_ts *offered, unsigned count)
{
    for (unsigned i = 0; i < answered->count; i++) {
        bool within = false;
        struct shrike_ts both; /* refuses what no packet can be checked by */
        for (unsigned k = 0; k < count && !within; k++)
            within = ts_contains(&offered[k], &answered->ts[i]) &&
                     ts_intersect(&offered[k], &answered->ts[i], &both);
        if (!within)
            return false;
    }
    return answered->count > 0;
}

/* The selector with the addresses of a host. */
static struct shrike_ts ts_at(const struct shrike_ts *ts, const struct shrike_addr *host)
{
    static const u8 zero[ADDR_MAX];
    struct shrike_ts out = *ts;
    out.family = host->family;
    memcpy(out.from, host->octets, ADDR_MAX);
    memcpy(out.to, host->octets, ADDR_MAX);
    if (memcmp(host->octets, zero, ADDR_MAX) == 0)
        memset(out.to, UINT8_MAX, host->family == 4 ? 4 : ADDR_MAX);
    return out;
}

void ts_resolve(const struct shrike_ts *conf, unsigned count, const struct ts_hosts *hosts,
                struct ts_list *out)
{
    out->count = 0;
    for (unsigned i = 0; i < count; i++) {
        unsigned times = conf[i].family == 0 ? hosts->count : 1;
        for (unsigned k = 0; k < times && out->count < SHRIKE_TS_MAX; k++)
            out->ts[out->count++] =
                conf[i].family == 0 ? ts_at(&conf[i], &hosts->addrs[k]) : conf[i];
    }
}

bool ts_dynamic(const struct shrike_ts *conf, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (conf[i].family == 0)
            return true;
    }
    return false;
}

static bool has_family(const struct ts_list *list, u8 family)
{
    for (unsigned i = 0; i < list->count; i++) {
        if (list->ts[i].family == family)
            return true;
    }
    return false;
}

static void keep_families_of(struct ts_list *list, const struct ts_list *other)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < list->count; i++) {
        if (has_family(other, list->ts[i].family))
            list->ts[kept++] = list->ts[i];
    }
    list->count = (u8)kept;
}

bool narrow_to_packets(struct ts_list *local, struct ts_list *remote)
{
    keep_families_of(local, remote);
    keep_families_of(remote, local);
    return local->count > 0 && remote->count > 0;
}

/* RFC 7296 2.23.1 (1): exactly one address, whatever it is. */
bool ts_substitute(struct ts_list *list, const struct shrike_endpoint *host)
{
    for (unsigned i = 0; i < list->count; i++) {
        const struct shrike_ts *ts = &list->ts[i];
        if (ts->family != host->family || memcmp(ts->from, ts->to, ADDR_MAX) != 0 ||
            memcmp(ts->from, list->ts[0].from, ADDR_MAX) != 0)
            return false;
    }
    for (unsigned i = 0; i < list->count; i++) {
        memcpy(list->ts[i].from, host->octets, ADDR_MAX);
        memcpy(list->ts[i].to, host->octets, ADDR_MAX);
    }
    return true;
}

void ts_append(struct ts_list *list, const struct ts_list *more)
{
    for (unsigned i = 0; i < more->count && list->count < SHRIKE_TS_MAX; i++) {
        bool there = false;
        for (unsigned k = 0; k < list->count && !there; k++)
            there = ts_contains(&list->ts[k], &more->ts[i]);
        if (!there)
            list->ts[list->count++] = more->ts[i];
    }
}

/* Its addresses one by one. false: they are too many. */
static bool single_addresses(const struct ts_list *list, struct ts_list *out)
{
    out->count = 0;
    for (unsigned i = 0; i < list->count; i++) {
        struct shrike_ts one = list->ts[i];
        unsigned last = one.family == 4 ? 3 : 15;
        bool near = memcmp(one.from, one.to, last) == 0; /* they differ in the last octet only */
        unsigned extra = near ? (unsigned)(one.to[last] - one.from[last]) : TS_PAIRS_MAX;
        if (out->count + extra >= TS_PAIRS_MAX)
            return false;
        memcpy(one.to, one.from, ADDR_MAX);
        for (unsigned n = 0; n <= extra; n++) {
            out->ts[out->count++] = one;
            one.from[last]++;
            one.to[last]++;
        }
    }
    return true;
}

static bool meet(const struct shrike_ts *local, const struct shrike_ts *remote)
{
    return local->family == remote->family &&
           (local->protocol == 0 || remote->protocol == 0 || local->protocol == remote->protocol);
}

unsigned ts_pairs(const struct ts_list *local, const struct ts_list *remote,
                  struct ts_pair out[TS_PAIRS_MAX])
{
    struct ts_list here, there;
    unsigned count = 0;
    if (!single_addresses(local, &here) || !single_addresses(remote, &there) ||
        here.count * there.count > TS_PAIRS_MAX) {
        here = *local;
        there = *remote;
    }
    for (unsigned i = 0; i < here.count; i++) {
        for (unsigned k = 0; k < there.count && count < TS_PAIRS_MAX; k++) {
            if (meet(&here.ts[i], &there.ts[k]))
                out[count++] = (struct ts_pair){here.ts[i], there.ts[k]};
        }
    }
    return count;
}
